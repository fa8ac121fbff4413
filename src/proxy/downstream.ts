import type { TrustedProxies } from "../core/trust.ts";

/** What the engine needs of the listener a request came by. `Bun.Server` with a name for its two uses. */
export interface Downstream {
  readonly server: Bun.Server<unknown>;
  /** What the listener is called: its address as it is configured. */
  readonly name: string;
  /** True when it speaks TLS. */
  readonly secure: boolean;
  /** What it takes besides HTTP/1. */
  readonly http2: boolean;
  readonly http3: boolean;
  /** Seconds a connection may be silent, as Bun counts them; 0 is never. */
  readonly idleTimeoutSeconds: number;
  /** How long a body that is waited for may be silent; 0 is for ever. */
  readonly bodyTimeoutMs: number;
  /** Largest request body; 0 is no limit. */
  readonly maxRequestBodyBytes: number;
  /** The proxies before this one that are believed. */
  readonly trusted: TrustedProxies;
  /** Shared by all that its listener has had: a reload makes another `Downstream`. */
  readonly departure: Departure;
}

/** Whether a listener takes no requests any more, or soon will not: clients are told so with each answer. */
export interface Departure {
  isNear: boolean;
}
