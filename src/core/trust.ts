import { BlockList, isIP } from "node:net";

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

/**
 * The client's address as the proxies before this one tell it in X-Forwarded-For: read from the right, past those that
 * are trusted, so that what a client wrote there itself is never believed. `remote` where nothing may be believed.
 */
export function clientAddressOf(trusted: TrustedProxies, remote: string, forwardedFor: string | null): string {
  if (forwardedFor === null || !isTrusted(trusted, remote)) return remote;
  const hops = forwardedFor.split(",");
  let client = remote;
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = addressOf(hops[i] ?? "");
    // Whoever stands before what cannot be read is unknown.
    if (hop === undefined) return client;
    client = hop;
    if (!isTrusted(trusted, hop)) return client;
  }
  return client;
}

/** One element of X-Forwarded-For: an IP, which some proxies give with a port. */
function addressOf(element: string): string | undefined {
  const text = element.trim();
  if (isIP(text) !== 0) return text;
  const host = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(text);
  const address = host?.[1] ?? host?.[2] ?? "";
  return isIP(address) === 0 ? undefined : address;
}
