import { readdir, readFile, readlink } from "node:fs/promises";
import { isIPv4 } from "node:net";
import type { UpstreamAddress } from "../core/address.ts";

/** TCP_SYN_SENT of the kernel's tcp_states.h, as /proc shows it. */
const SYN_SENT = "02";

/**
 * How many of this process's TCP connections to an address have been begun and not been answered yet: what Bun's fetch
 * does not tell. Read from /proc, and too dear for anything but a peer that does not accept connections.
 *
 * @returns undefined where the system does not tell (only Linux does)
 */
export async function countDialing(address: UpstreamAddress): Promise<number | undefined> {
  if (address.type === "unix") return 0;
  try {
    const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/self/net/${name}`, "latin1")));
    const inodes = tables.flatMap((table) => dialingInodes(table, address));
    // The tables are those of the whole machine.
    return inodes.length === 0 ? 0 : countOwn(new Set(inodes));
  } catch {
    return undefined;
  }
}

/** Inodes of the sockets in a table of /proc/net that are being connected to the address. */
export function dialingInodes(table: string, address: { readonly host: string; readonly port: number }): string[] {
  const port = address.port.toString(16).toUpperCase().padStart(4, "0");
  const remote = isIPv4(address.host) ? `${hexOfIPv4(address.host)}:${port}` : `:${port}`;
  return table.split("\n").flatMap((line) => {
    const [, , to, state, , , , , , inode] = line.trim().split(/\s+/);
    return state === SYN_SENT && to?.endsWith(remote) === true && inode !== undefined ? [inode] : [];
  });
}

/** As the kernel prints it on a little-endian machine: `127.0.0.1` is `0100007F`, at the end of a mapped one too. */
function hexOfIPv4(host: string): string {
  const bytes = host.split(".").map((part) => Number(part).toString(16).toUpperCase().padStart(2, "0"));
  return bytes.toReversed().join("");
}

async function countOwn(inodes: ReadonlySet<string>): Promise<number> {
  const folder = "/proc/self/fd";
  const names = await readdir(folder);
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
  return targets.filter((target) => inodes.has(target.slice("socket:[".length, -1))).length;
}
