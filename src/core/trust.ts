import { BlockList } from "node:net";

/** The proxies whose X-Forwarded-* are believed, compiled; undefined when there are none. */
export type TrustedProxies = BlockList | undefined;

/**
 * Compiles checked CIDR texts (`10.0.0.0/8`, `fd00::/8`), once at start or reload. None gives undefined, so
 * that the default costs nothing per request.
 */
export function compileTrustedProxies(cidrs: readonly string[]): TrustedProxies {
  if (cidrs.length === 0) return undefined;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const slash = cidr.lastIndexOf("/");
    const address = cidr.slice(0, slash);
    list.addSubnet(address, Number(cidr.slice(slash + 1)), familyOf(address));
  }
  return list;
}

/** Whether the address of a connection (no port, no brackets) belongs to a trusted proxy. */
export function isTrusted(trusted: TrustedProxies, address: string): boolean {
  return trusted !== undefined && address !== "" && trusted.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
