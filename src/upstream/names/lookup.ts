import type { DynamicConfig } from "../../config/model.ts";
import { lookupAddresses } from "./addresses.ts";
import { lookupServices } from "./services.ts";

/** One address that a name stands for. */
export interface FoundAddress {
  /** An IP. */
  readonly host: string;
  readonly port: number;
  /** Beside the others of its priority. Need not be whole. */
  readonly weight: number;
  /** Only where there is none available of a lower one (RFC 2782). 0 but for SRV. */
  readonly priority: number;
  /** The name that certificates are for, and the default Host. */
  readonly name: string;
}

/** What came of one look. */
export type LookupResult =
  | {
      readonly type: "found";
      /** One at least. */
      readonly addresses: readonly FoundAddress[];
      /** How long they hold, where the resolver tells. */
      readonly ttlMs: number | undefined;
    }
  /** Nobody answered, or there is no address: why, in words. */
  | { readonly type: "failed"; readonly reason: string };

/**
 * Asks once. @param last what it found before: where only a part of it can be asked for, the rest stays as it was
 * @param signal nobody wants it any more
 */
export type Lookup = (last: readonly FoundAddress[], signal: AbortSignal) => Promise<LookupResult>;

/** What is looked up (Caddy's `dynamic`): a named upstream is its addresses of both families. */
export type Sought = Addresses | { readonly type: "srv"; readonly name: string };

/** The addresses of a name, of the families that count. */
export type Addresses = Omit<Extract<DynamicConfig, { readonly type: "a" }>, "tls">;

/** Asks the system's resolver, its hosts file included, or these servers. */
export function lookupOf(sought: Sought, resolvers: readonly string[]): Lookup {
  return sought.type === "srv" ? lookupServices(sought.name, resolvers) : lookupAddresses(sought, resolvers);
}
