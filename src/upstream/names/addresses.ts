import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import { DnsClient } from "./dns/client.ts";
import type { Addresses, FoundAddress, Lookup, LookupResult } from "./lookup.ts";
import { reachable } from "./reachable.ts";

/** Whether an upstream's host is a name to look up: no IP, and not `localhost`, which is always this machine (RFC 6761 6.3). */
export function isName(host: string): boolean {
  return isIP(host) === 0 && host !== "localhost" && !host.endsWith(".localhost");
}

/** Every address of a name: by the system's resolver, or by these servers. */
export function lookupAddresses(sought: Addresses, resolvers: readonly string[]): Lookup {
  if (resolvers.length === 0) return () => bySystem(sought);
  const client = new DnsClient(resolvers);
  return (last, signal) => byServers(client, sought, { last, signal });
}

/** By getaddrinfo, which keeps nothing and looks at the system's files anew, and tells no TTL (Bun 1.4.5). */
async function bySystem(sought: Addresses): Promise<LookupResult> {
  const { name, ipv4, ipv6 } = sought;
  try {
    const found = await systemLookup(name, { all: true, family: ipv4 && ipv6 ? 0 : ipv4 ? 4 : 6 });
    return foundAt(
      found.map(({ address }) => address),
      sought,
      undefined,
    );
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    const reason = code === "ENOTFOUND" ? NO_SUCH_NAME : `the system's resolver does not answer (${String(code)})`;
    return { type: "failed", reason };
  }
}

interface Before {
  readonly last: readonly FoundAddress[];
  readonly signal: AbortSignal;
}

async function byServers(client: DnsClient, sought: Addresses, { last, signal }: Before): Promise<LookupResult> {
  const { name, ipv4, ipv6 } = sought;
  const [a, aaaa] = await Promise.all([
    ipv4 ? client.ask(name, "A", signal) : undefined,
    ipv6 ? client.ask(name, "AAAA", signal) : undefined,
  ]);
  const hosts: string[] = [];
  const ttls: number[] = [];
  for (const [answer, family] of [[a, 4] as const, [aaaa, 6] as const]) {
    if (answer?.type === "failure") {
      // One family alone could not be asked for: what was known of it holds.
      hosts.push(...last.flatMap(({ host }) => (isIP(host) === family ? [host] : [])));
    }
    if (answer?.type !== "answer") continue;
    for (const record of answer.records) {
      if (record.type !== "address") continue;
      hosts.push(record.address);
      ttls.push(record.ttlMs);
    }
  }
  if (ttls.length > 0) return foundAt(hosts, sought, Math.min(...ttls));
  const failed = [a, aaaa].find((answer) => answer?.type === "failure");
  if (failed?.type === "failure") return { type: "failed", reason: failed.reason };
  const isKnownName = [a, aaaa].some((answer) => answer?.type === "answer" && answer.isKnownName);
  return { type: "failed", reason: isKnownName ? "the name has no address" : NO_SUCH_NAME };
}

const NO_SUCH_NAME = "there is no such name";

function foundAt(hosts: readonly string[], { name, port }: Addresses, ttlMs: number | undefined): LookupResult {
  const addresses = reachable([...new Set(hosts)]).map((host) => ({ host, port, weight: 1, priority: 0, name }));
  return { type: "found", addresses, ttlMs };
}
