import { closeSync, openSync } from "node:fs";

/**
 * The lowest number that the next file or connection could have: all below it are in use. Undefined where this process can
 * open no more. It costs the same however many there are (some microseconds).
 */
export function lowestFreeFile(): number | undefined {
  try {
    const file = openSync("/dev/null", "r");
    closeSync(file);
    return file;
  } catch (error) {
    if (isOutOfFiles(error)) return undefined;
    throw error;
  }
}

/** EMFILE is this process's limit, ENFILE the system's. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}
