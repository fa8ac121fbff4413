/** Hextets of the part of an IPv6 address that one customer has at least (RFC 6177). */
const NETWORK_PARTS = 4;
const PARTS = 8;
const MAPPED = "::ffff:";

/** A socket of both families tells IPv4 clients as `::ffff:192.0.2.1`; everyone else calls them `192.0.2.1`. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith(MAPPED) && address.includes(".") ? address.slice(MAPPED.length) : address;
}

/**
 * What of an IP address (no port, no brackets) tells one client from another: an IPv4 address itself, of an IPv6 address
 * the first 64 bits, since whoever has one has all that begin so. "" is "".
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [left = "", right] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  if (head.length < NETWORK_PARTS && right !== undefined) {
    const tail = right === "" ? [] : right.split(":");
    // An IPv4 address at the end stands for two.
    const length = tail.length + (right.includes(".") ? 1 : 0);
    while (head.length < PARTS - length) head.push("0");
    head.push(...tail);
  }
  return `${head
    .slice(0, NETWORK_PARTS)
    .map((part) => part.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}
