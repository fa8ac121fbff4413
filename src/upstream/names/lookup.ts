import { lookup as systemLookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { DynamicConfig } from "../../config/model.ts";

/** One address that a name stands for. */
export interface FoundAddress {
  /** An IP. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  /** The name that certificates are for, and the default Host. */
  readonly name: string;
}

export interface Found {
  readonly addresses: readonly FoundAddress[];
  /** How long they hold, where the resolver tells. */
  readonly ttlMs: number | undefined;
}

/** Asks once. Rejects where there is no answer. */
export type Lookup = () => Promise<Found>;

/** Which families count. */
export interface Families {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** A resolver that does not answer is given up after this. */
const TIMEOUT_MS = 2_000;
const BOTH: Families = { ipv4: true, ipv6: true };

/** Whether an upstream's host is a name to look up: no IP, and not `localhost`, which is always this machine (RFC 6761 6.3). */
export function isName(host: string): boolean {
  return isIP(host) === 0 && host !== "localhost" && !host.endsWith(".localhost");
}

/** Every address of a name: by the system's resolver, its hosts file included, or by these servers. */
export function lookupOf(name: string, port: number, resolvers: readonly string[], families = BOTH): Lookup {
  const resolver = resolverOf(resolvers);
  return async () => {
    const { hosts, ttlMs } = await (resolver === undefined
      ? bySystem(name, families)
      : byServers(resolver, name, families));
    return { addresses: hosts.map((host) => ({ host, port, weight: 1, name })), ttlMs };
  };
}

/**
 * The targets of an SRV record of the lowest priority, each with its weight (RFC 2782), and each with all its addresses.
 * Bun's resolver tells no TTL of them (1.4.5).
 */
export function lookupServices(name: string, resolvers: readonly string[]): Lookup {
  const resolver = resolverOf(resolvers) ?? new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  return async () => {
    const records = await resolver.resolveSrv(name);
    const first = Math.min(...records.map(({ priority }) => priority));
    const targets = records.filter(({ priority }) => priority === first);
    const found = await Promise.all(
      targets.map(async ({ name: target, port, weight }) => {
        const { addresses, ttlMs } = await lookupOf(target, port, resolvers)();
        // A weight of 0 is a very small one beside others (RFC 2782).
        return { ttlMs, addresses: addresses.map((each) => ({ ...each, weight: Math.max(1, weight) })) };
      }),
    );
    return {
      addresses: found.flatMap(({ addresses }) => addresses),
      ttlMs: least(found.map(({ ttlMs }) => ttlMs)),
    };
  };
}

/** What `dynamic` of a route asks for. */
export function lookupDynamic(dynamic: DynamicConfig, resolvers: readonly string[]): Lookup {
  return dynamic.type === "srv"
    ? lookupServices(dynamic.name, resolvers)
    : lookupOf(dynamic.name, dynamic.port, resolvers, dynamic);
}

interface Hosts {
  readonly hosts: readonly string[];
  readonly ttlMs: number | undefined;
}

async function bySystem(name: string, { ipv4, ipv6 }: Families): Promise<Hosts> {
  const family = ipv4 && ipv6 ? 0 : ipv4 ? 4 : 6;
  const found = await systemLookup(name, { all: true, family });
  return { hosts: [...new Set(found.map(({ address }) => address))], ttlMs: undefined };
}

async function byServers(resolver: Resolver, name: string, { ipv4, ipv6 }: Families): Promise<Hosts> {
  const asked = [
    ...(ipv4 ? [resolver.resolve4(name, { ttl: true })] : []),
    ...(ipv6 ? [resolver.resolve6(name, { ttl: true })] : []),
  ];
  const answers = await Promise.allSettled(asked);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const [first] = found;
  // A name that has addresses of one family only fails for the other (Bun 1.4.5 tells that from no name at all by nothing).
  if (first === undefined)
    throw answers.find((answer) => answer.status === "rejected")?.reason ?? new Error("no address");
  return {
    hosts: [...new Set(found.map(({ address }) => address))],
    ttlMs: least(found.map(({ ttl }) => ttl * 1000)),
  };
}

function resolverOf(servers: readonly string[]): Resolver | undefined {
  if (servers.length === 0) return undefined;
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  resolver.setServers([...servers]);
  return resolver;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
