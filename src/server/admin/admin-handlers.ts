import type { LiveEvents } from "../../observe/live.ts";
import type { ExchangeFilter } from "../../observe/metrics/watched.ts";

/** What the admin listener asks of the process it belongs to. Whoever opens it gives these; it knows no more of it. */
export interface AdminHandlers {
  /** Whether new requests are taken: false while it starts, drains or ends. */
  readonly isReady: () => boolean;
  /** Of all workers. */
  readonly metrics: (format: "prometheus" | "openmetrics") => Promise<string>;
  /** What is served by, its secrets hidden; to be sent as JSON. */
  readonly config: () => unknown;
  readonly reload: () => Promise<AdminOutcome>;
  /** Begins a drain, at the end of which the process ends. */
  readonly stop: () => AdminOutcome;
  /** A `ControlCommand` (maintenance, drain) as JSON gave it. */
  readonly control: (command: unknown) => Promise<AdminOutcome>;
  /** In Caddy's shape: `[{"address":…,"num_requests":…,"fails":…}]`. */
  readonly upstreams: () => Promise<readonly CaddyUpstream[]>;
  /** What is open: requests and WebSockets. */
  readonly connections: () => Promise<unknown>;
  /** Tells each event until the signal is aborted. Costs the traffic nothing while nobody watches exchanges. */
  readonly watch: (options: WatchOptions, tell: TellEvent, end: AbortSignal) => void;
}

export interface WatchOptions {
  /** Which requests are told when they end; undefined for none. */
  readonly exchanges: ExchangeFilter | undefined;
  /** What `LiveState.mayWrite` says. Default false. */
  readonly mayWrite?: boolean;
}

export type TellEvent = <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]) => void;

/** Sent as JSON: 200, or 409 where nothing was done. */
export interface AdminOutcome {
  readonly isDone: boolean;
  readonly body: unknown;
}

/** As Caddy's `GET /reverse_proxy/upstreams` tells it. */
export interface CaddyUpstream {
  readonly address: string;
  readonly num_requests: number;
  readonly fails: number;
}
