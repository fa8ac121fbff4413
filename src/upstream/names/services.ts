import { isName, lookupAddresses } from "./addresses.ts";
import { DnsClient, type Resolved } from "./dns/client.ts";
import type { DnsRecord } from "./dns/message.ts";
import type { FoundAddress, Lookup, LookupResult } from "./lookup.ts";

type Service = Extract<DnsRecord, { readonly type: "service" }>;

/** The weight of a target with weight 0 beside others: "a very small chance" (RFC 2782). */
const LEAST_WEIGHT = 0.01;

/**
 * The targets of an SRV record with their priorities and weights (RFC 2782), each with all its addresses, which share its
 * weight. Names of targets that cannot be looked up keep their last addresses, and where there are none the other targets do.
 */
export function lookupServices(name: string, resolvers: readonly string[]): Lookup {
  const client = new DnsClient(resolvers);
  return async (last, signal) => {
    const services = servicesOf(await client.ask(name, "SRV", signal));
    if (typeof services === "string") return { type: "failed", reason: services };
    const targets = [...new Set(services.map(({ target }) => target))];
    const looks = await Promise.all(
      targets.map(async (target) => {
        const known = last.filter((address) => address.name === target);
        return [target, await hostsOf(target, resolvers, known, signal)] as const;
      }),
    );
    return resultOf(services, new Map(looks));
  };
}

/** What is offered, or why nothing is. */
function servicesOf(resolved: Resolved): readonly Service[] | string {
  if (resolved.type === "failure") return resolved.reason;
  const services = resolved.records.filter((record) => record.type === "service");
  // One target that is the root says that the service is decidedly not there.
  const offered = services.filter(({ target }) => target !== "");
  if (offered.length > 0) return offered;
  return services.length > 0 ? "the service is not offered" : "there is no such service";
}

type Hosts =
  | { readonly type: "hosts"; readonly hosts: readonly string[]; readonly ttlMs: number | undefined }
  | { readonly type: "failed"; readonly reason: string };

async function hostsOf(
  target: string,
  resolvers: readonly string[],
  known: readonly FoundAddress[],
  signal: AbortSignal,
): Promise<Hosts> {
  if (!isName(target)) return { type: "hosts", hosts: [target], ttlMs: undefined };
  // Their port comes of the service.
  const sought = { type: "a", name: target, port: 0, ipv4: true, ipv6: true } as const;
  const result = await lookupAddresses(sought, resolvers)(known, signal);
  const addresses = result.type === "found" ? result.addresses : known;
  if (result.type === "failed" && known.length === 0) return result;
  return {
    type: "hosts",
    hosts: [...new Set(addresses.map(({ host }) => host))],
    ttlMs: result.type === "found" ? result.ttlMs : undefined,
  };
}

function resultOf(services: readonly Service[], byTarget: ReadonlyMap<string, Hosts>): LookupResult {
  // A record that is there twice counts twice.
  const byPlace = new Map<string, FoundAddress>();
  let reason = "";
  let ttlMs = Number.POSITIVE_INFINITY;
  for (const service of services) {
    const { target, port, priority } = service;
    const found = byTarget.get(target);
    if (found?.type === "hosts") {
      ttlMs = Math.min(ttlMs, service.ttlMs, found.ttlMs ?? Number.POSITIVE_INFINITY);
      const share = weightAmong(services, service) / found.hosts.length;
      for (const host of found.hosts) {
        const place = `${priority} ${host} ${port} ${target}`;
        const weight = share + (byPlace.get(place)?.weight ?? 0);
        byPlace.set(place, { host, port, weight, priority, name: target });
      }
    } else if (found !== undefined) reason = `${target}: ${found.reason}`;
  }
  return byPlace.size > 0 ? { type: "found", addresses: [...byPlace.values()], ttlMs } : { type: "failed", reason };
}

function weightAmong(services: readonly Service[], { weight, priority }: Service): number {
  if (weight > 0) return weight;
  return services.some((other) => other.priority === priority && other.weight > 0) ? LEAST_WEIGHT : 1;
}
