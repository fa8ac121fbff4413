import { readdir, readlink } from "node:fs/promises";

/** What a process has open, by its file descriptors. */
export interface OpenFiles {
  readonly sockets: number;
  readonly others: number;
}

/** Of all these processes together. */
export async function openFiles(pids: readonly number[]): Promise<OpenFiles> {
  const each = await Promise.all(pids.map(filesOf));
  return {
    sockets: each.reduce((sum, { sockets }) => sum + sockets, 0),
    others: each.reduce((sum, { others }) => sum + others, 0),
  };
}

async function filesOf(pid: number): Promise<OpenFiles> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
  const sockets = links.filter((link) => link.startsWith("socket:")).length;
  return { sockets, others: links.filter((link) => link !== "").length - sockets };
}
