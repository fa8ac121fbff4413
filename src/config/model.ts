import type { ListenAddress, UpstreamAddress } from "../core/address.ts";

export type { ListenAddress, UpstreamAddress };

/**
 * What gatekeeper runs from: flags, conf.yaml and (later) a Caddyfile all end in one `Config`.
 * Times are milliseconds, sizes are bytes. A `Config` is complete: every default is filled in.
 */
export interface Config {
  readonly listeners: readonly ListenerConfig[];
  /** Tried in order; the first that matches serves the request; none is a 404. */
  readonly routes: readonly RouteConfig[];
  readonly process: ProcessConfig;
}

/** One address that takes traffic. */
export interface ListenerConfig {
  readonly address: ListenAddress;
  /** PEM texts, already read. Without it the listener speaks plain HTTP. */
  readonly tls: ListenerTlsConfig | undefined;
  /** Offer HTTP/2 by ALPN beside HTTP/1.1. Default: true with TLS, false without. */
  readonly http2: boolean;
  /**
   * How long a kept-alive connection may be silent between requests, and how long a request head may
   * take. 0 is never. Default 255 s, the most Bun has (Caddy's `idle_timeout` is 5 m). It never cuts a
   * request in flight or a stream.
   */
  readonly clientIdleTimeoutMs: number;
  /** Largest request body, 0 is no limit (the default); past it 413. */
  readonly maxRequestBodyBytes: number;
}

export interface ListenerTlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** One rule of the router. */
export interface RouteConfig {
  /** Stands in logs. Default: the path pattern. */
  readonly name: string;
  readonly path: PathPattern;
  readonly proxy: ReverseProxyConfig;
}

/**
 * How a path is matched. `segments`: whole segments, `/up` takes `/up` and `/up/x`, never `/upper`.
 * `prefix`: the original gatekeeper's plain prefix, written `/up*`.
 */
export type PathPattern =
  { readonly type: "segments"; readonly path: string } | { readonly type: "prefix"; readonly path: string };

/** What a route does: forward to one of several upstreams. */
export interface ReverseProxyConfig {
  readonly upstreams: readonly UpstreamAddress[];
  readonly selection: "round_robin";
  /** The Host sent upstream; undefined passes the client's. */
  readonly host: string | undefined;
  readonly upstreamTls: UpstreamTlsConfig;
  /** Active TCP health check; 0 is off, then every peer counts as up. */
  readonly healthCheckIntervalMs: number;
  /** Total attempts for one request, the first included (Pingora's `max_retries`). Default 16. */
  readonly maxAttempts: number;
  readonly timeouts: UpstreamTimeouts;
  readonly keepAlive: {
    /** How long an idle upstream connection is kept. 0 is Bun's own 300 s. */
    readonly idleTimeoutMs: number;
    /** Most idle upstream connections kept (Pingora's `upstream_keepalive_pool_size`). Default 128. */
    readonly poolSize: number;
  };
  /** Answers of known length up to this many bytes are gathered and keep Content-Length. Default 1 MiB. */
  readonly responseBufferBytes: number;
  readonly websocket: WebSocketConfig;
  /** Peers whose X-Forwarded-* are believed, as CIDR texts. Default: none. */
  readonly trustedProxies: readonly string[];
}

/** TLS towards the upstream. */
export interface UpstreamTlsConfig {
  /** Name sent (SNI) and verified; undefined is the upstream's own host name. */
  readonly serverName: string | undefined;
  /** False only by `--insecure`: accept any certificate. */
  readonly verify: boolean;
  /** PEM of extra roots (Pingora's `ca_file`), replacing the system's; undefined is the system's. */
  readonly ca: string | undefined;
  /** Client certificate, PEM. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Offer HTTP/2 to a TLS upstream (`--enable-h2`). Default false. */
  readonly http2: boolean;
}

/** Limits on one attempt. 0 is off. There is no total timeout on a request. */
export interface UpstreamTimeouts {
  /** To get a connection (Caddy's `dial_timeout`). Default 3 s. */
  readonly dialMs: number;
  /** From the request's start to the head of the answer (Caddy's `response_header_timeout`). Default off. */
  readonly responseHeaderMs: number;
  /** Between two pieces of an answer's body (Caddy's `read_timeout`). Default off. */
  readonly readMs: number;
}

export interface WebSocketConfig {
  /** Largest message either way; past it both sides are closed with 1009. Default 64 MiB. */
  readonly maxMessageBytes: number;
  /**
   * A side that shows no sign of life (data, ping, pong) for this long is taken for dead and the other
   * is closed. Both sides are pinged at half of it. 0 is never. Default 60 s.
   */
  readonly deadAfterMs: number;
  /** From dial to the upstream's 101. Default 30 s; past it 504. */
  readonly handshakeTimeoutMs: number;
}

/** Pingora's `conf.yaml`: what the process does around the proxy. */
export interface ProcessConfig {
  /** Number of workers. Default 1. Takes effect with the issue on processes. */
  readonly threads: number;
  readonly daemon: boolean;
  readonly pidFile: string;
  readonly errorLog: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly upgradeSock: string;
  /** After SIGTERM or SIGQUIT: how long requests and sockets may take to end. Default 30 s (Pingora: 300 s). */
  readonly gracePeriodMs: number;
  /** After the grace period: how long closing by force may take. Default 5 s. */
  readonly gracefulShutdownTimeoutMs: number;
  readonly clientBindToIpv4: readonly string[];
  readonly clientBindToIpv6: readonly string[];
  readonly daemonWaitForReady: boolean;
  readonly daemonReadyTimeoutMs: number;
  readonly daemonNotifyTimeoutMs: number;
}

/** How the log is written. It stands beside the `Config`, since it must work before there is one. */
export interface LogConfig {
  readonly level: "error" | "warn" | "info" | "debug" | "trace" | "off";
  /** Undefined: human on a terminal, JSON lines otherwise. */
  readonly format: "human" | "json" | undefined;
}
