import { constants, openSync } from "node:fs";

/**
 * Opens a file, which is made where there is none. One that is there is not opened as one that is to be made: root may not
 * do that with another user's in /tmp (fs.protected_regular).
 *
 * @throws what the system says
 */
export function openOrMake(path: string, flags: number, mode: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    return openSync(path, flags | constants.O_CREAT, mode);
  }
}
