import { writeSync } from "node:fs";

/**
 * Writes to standard output, whole. Whoever reads it may stop early (`gatekeeper docs | head`): that is no fault of
 * ours, and nothing to be said.
 *
 * @returns false where nobody reads any more
 */
export function print(text: string): boolean {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // A pipe that is full for now: whoever reads it is slow.
      if (code === "EAGAIN") Bun.sleepSync(1);
      else if (code === "EPIPE" || code === "EIO") return false;
      else throw error;
    }
  }
  return true;
}
