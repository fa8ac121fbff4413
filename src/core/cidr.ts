import { isIPv4, isIPv6 } from "node:net";
import { nearest } from "./nearest.ts";
import { accept, refuse, type Parsed } from "./parsed.ts";

/** What `private_ranges` stands for, as in Caddy. */
export const PRIVATE_RANGES: readonly string[] = [
  "192.168.0.0/16",
  "172.16.0.0/12",
  "10.0.0.0/8",
  "127.0.0.0/8",
  "fd00::/8",
  "::1/128",
];

/**
 * One entry of a list of networks: a CIDR, a single address (which becomes a /32 or a /128) or the word
 * `private_ranges`. Gives CIDR texts whose length is always written.
 */
export function parseNetwork(text: string): Parsed<readonly string[]> {
  if (text === "private_ranges") return accept(PRIVATE_RANGES);
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const bits = slash < 0 ? undefined : text.slice(slash + 1);
  const version = isIPv4(address) ? 4 : isIPv6(address) && !address.includes("%") ? 6 : 0;
  if (version === 0) return refuseNetwork(text, address);
  const most = version === 4 ? 32 : 128;
  if (bits === undefined) return accept([`${address}/${most}`]);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    return refuse(`"/${bits}" is no length of an IPv${version} network (0 to ${most})`);
  }
  return accept([`${address}/${Number(bits)}`]);
}

function refuseNetwork(text: string, address: string): Parsed<never> {
  if (nearest(text, ["private_ranges"]) !== undefined || text === "private") {
    return refuse(`"${text}" is no network`, "private_ranges");
  }
  const bare = /^\[(.*)\]$/.exec(address)?.[1];
  if (bare !== undefined && isIPv6(bare)) return refuse("a network is written without brackets", bare);
  if (text === "*" || text === "all") return refuse(`"${text}" is no network`, "0.0.0.0/0,::/0");
  return refuse(`"${address}" is no IP address`);
}

/** A list of networks parted by commas or spaces, as `--trusted-proxies` takes it. Repeats are dropped. */
export function parseNetworks(text: string): Parsed<readonly string[]> {
  const networks = new Set<string>();
  for (const part of text.split(/[\s,]+/)) {
    if (part === "") continue;
    const network = parseNetwork(part);
    if (!network.ok) return network;
    for (const cidr of network.value) networks.add(cidr);
  }
  return networks.size === 0 ? refuse("there is no network in it") : accept([...networks]);
}
