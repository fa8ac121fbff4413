/** How a contender is to be set up in a scenario. Contenders that cannot be take no part in it. */
export interface Setup {
  /** What clients speak to it. `h2` is HTTP/2 over TLS. */
  readonly downstream: "plain" | "tls" | "h2";
  /** It speaks TLS to the origin. */
  readonly upstreamTls: boolean;
  /** Access log to a file, header edits both ways and health checks, and metrics and request ids where it has them. */
  readonly observed: boolean;
  /** Before how many routes by host and path the one that is asked for stands; undefined is no routes at all. */
  readonly routesBefore?: number;
  /** It compresses answers with gzip at Caddy's level. */
  readonly encodes?: true;
}

export const PLAIN: Setup = { downstream: "plain", upstreamTls: false, observed: false };

/** What a program needs to know to be started between the load and the origin. */
export interface Place {
  readonly port: number;
  readonly originPort: number;
  /** A folder of its own, removed after the run. */
  readonly dir: string;
  readonly setup: Setup;
  /** PEM files of the listener and of the origin, and of who signed both. */
  readonly pem: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** Caddy's level of gzip: from 1, the fastest, to 9. nginx's own is 1. */
export const GZIP_LEVEL = 5;

/** The name that certificates are for, and the host of the route that is asked for. */
export const HOST = "bench.example";

/** Routes that another host or path would take. */
export function otherRoutes(count: number): readonly { readonly host: string; readonly path: string }[] {
  return Array.from({ length: count }, (_, i) => ({ host: `h${i % 50}.example`, path: `/p${i}/*` }));
}
