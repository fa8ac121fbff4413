import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state LISTEN in /proc/net/tcp (Linux, include/net/tcp_states.h). */
const LISTEN = "0A";

/**
 * Which program listens on a TCP port: `nginx (process 123)`. Undefined where the system does not say so:
 * another user's process, or no /proc.
 */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
    if (inodes.size === 0) return undefined;
    for (const pid of readdirSync("/proc")) {
      if (/^\d+$/.test(pid) && holdsOne(pid, inodes)) {
        return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`;
      }
    }
  } catch {
    // What the system does not show is not worth an error on top of the first.
  }
  return undefined;
}

function listeningInodes(table: string, port: number): readonly string[] {
  const rows = readFileSync(table, "utf8").split("\n").slice(1);
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    return local?.endsWith(`:${wanted}`) === true && state === LISTEN && inode !== undefined ? [inode] : [];
  });
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false;
  }
}
