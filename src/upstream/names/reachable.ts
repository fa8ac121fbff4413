import { isIP } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/**
 * Without those of a family that this machine has no address of, where there are others (RFC 3493 6.1, AI_ADDRCONFIG): half of all
 * attempts would fail for a name with IPv6 on a machine without.
 *
 * @param own the machine's addresses, by default those of now
 */
export function reachable(
  hosts: readonly string[],
  own: readonly NetworkInterfaceInfo[] = Object.values(networkInterfaces()).flatMap((each) => each ?? []),
): readonly string[] {
  const families = new Set(hosts.map((host) => isIP(host)));
  if (families.size < 2) return hosts;
  const usable = [4, 6].filter((family) =>
    own.some((address) => isGlobal(address) && isIP(address.address) === family),
  );
  return usable.length === 1 ? hosts.filter((host) => isIP(host) === usable[0]) : hosts;
}

/** Leads out of the machine, and further than one link. */
function isGlobal({ internal, address }: NetworkInterfaceInfo): boolean {
  return !internal && !address.toLowerCase().startsWith("fe80:");
}
