import { readFileSync } from "node:fs";
import { accept, refuse, type Parsed } from "../core/parsed.ts";

/** Larger files are no configuration and no certificate. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The bytes of a file, or why it cannot be read in words. */
export function readBytes(path: string): Parsed<Uint8Array> {
  try {
    const file = Bun.file(path);
    if (file.size > MAX_BYTES && Number.isFinite(file.size)) return refuse("the file is larger than 16 MiB");
    return accept(readFileSync(path));
  } catch (error) {
    return refuse(readFault(error));
  }
}

function readFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "ENOTDIR":
      return "a part of the path is no folder";
    case "EISDIR":
      return "this is a folder, not a file";
    case "EACCES":
    case "EPERM":
      return "this user may not read the file";
    default:
      return `the file cannot be read (${code ?? String(error)})`;
  }
}
