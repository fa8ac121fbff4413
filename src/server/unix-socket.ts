import { lstatSync, unlinkSync } from "node:fs";

/**
 * Removes the file of a unix socket that nobody listens on any more: a process that was killed leaves it behind, and
 * no one can listen there again while it lies. One that is listened on, and a file that is no socket, are left alone.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const isAlive = await Bun.connect({ unix: path, socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ECONNREFUSED"),
  );
  if (!isAlive) unlinkSync(path);
}
