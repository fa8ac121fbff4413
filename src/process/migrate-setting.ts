import { readFileSync } from "node:fs";

const FILE = "/proc/sys/net/ipv4/tcp_migrate_req";

/**
 * What to say of net.ipv4.tcp_migrate_req (Linux 5.14 and later); undefined where it is on, or there is none. It decides
 * what becomes of connections that wait for a listener when that is closed while others share its port.
 */
export function migrateNote(file = FILE): string | undefined {
  try {
    if (readFileSync(file, "utf8").trim() !== "0") return undefined;
  } catch {
    return undefined;
  }
  return (
    "net.ipv4.tcp_migrate_req is 0: when a listener closes (an upgrade, a worker that ends, a new certificate), connections " +
    "that wait for it are reset; with `sysctl -w net.ipv4.tcp_migrate_req=1` another one takes them"
  );
}
