import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** Where a DNS server is asked. */
export interface DnsServerAddress {
  /** An IP. */
  readonly host: string;
  readonly port: number;
}

const DNS_PORT = 53;
/** The C library asks no more of them (resolv.conf(5)). */
const MAX_SYSTEM_SERVERS = 3;

/** `IP` or `IP:PORT`, as `resolvers` takes it. */
export function serverOf(text: string): DnsServerAddress {
  if (isIP(text) !== 0) return { host: text, port: DNS_PORT };
  const colon = text.lastIndexOf(":");
  const isPort = colon > text.lastIndexOf("]");
  const host = (isPort ? text.slice(0, colon) : text).replace(/^\[|\]$/g, "");
  return { host, port: isPort ? Number(text.slice(colon + 1)) : DNS_PORT };
}

/** Those of the system, as they are now. */
export async function systemServers(file = "/etc/resolv.conf"): Promise<readonly DnsServerAddress[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const found = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map((match) => match[1] ?? "");
  const servers = found.filter((host) => isIP(host) !== 0).slice(0, MAX_SYSTEM_SERVERS);
  return (servers.length === 0 ? ["127.0.0.1"] : servers).map((host) => ({ host, port: DNS_PORT }));
}
