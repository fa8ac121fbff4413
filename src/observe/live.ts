/**
 * What a running process tells whoever watches it: the page, `gatekeeper top` and `tail`, by the admin listener's
 * `/events` and by the control socket. Plain, so that it can be sent as JSON. Times are milliseconds, sizes bytes.
 *
 * `/events` is a stream of server-sent events: one `history` at the start, then a `tick` and a `state` each second, and
 * where it was asked for `exchanges` with what ended since the last one, at most a few hundred: all of them
 * (`/events?exchanges`), or those that pass a filter (`?status=5xx,404&route=app&slower_than=500ms`).
 */
export interface LiveEvents {
  readonly history: History;
  readonly tick: Tick;
  readonly state: LiveState;
  readonly exchanges: Exchanges;
}

/** One second of all workers. */
export interface Tick {
  /** Its end, milliseconds since 1970. */
  readonly at: number;
  /** Requests that ended in it, and those of them that failed: 5xx, or broken within the answer. */
  readonly requests: number;
  readonly errors: number;
  readonly inFlight: number;
  /** Of the requests that ended in it, WebSockets and event streams not among them; null where there was none. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  /** Of bodies. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly webSocketsOpen: number;
  /** Messages from clients, and to them. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
}

/** The last fifteen minutes, or as much as there was, the oldest first. Seconds in which nothing was counted are missing. */
export interface History {
  readonly ticks: readonly Tick[];
}

/** How everything stands now. */
export interface LiveState {
  readonly at: number;
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly urls: readonly string[];
  /** Whether whoever asked may change things: buttons that would be refused are not shown. */
  readonly mayWrite: boolean;
  readonly isStopping: boolean;
  readonly maintenance: {
    readonly isOn: boolean;
    /** Keys of the routes that are closed. */
    readonly routes: readonly string[];
  };
  readonly reload: {
    readonly count: number;
    /** Undefined: it serves by what it started with. */
    readonly last:
      { readonly at: number; readonly isReloaded: boolean; readonly reason: string | undefined } | undefined;
  };
  readonly peers: readonly LivePeer[];
  readonly routes: readonly LiveRoute[];
  /** The busiest first, at most a hundred; `webSocketsOpen` of a tick counts all. */
  readonly webSockets: readonly LiveWebSocket[];
  /** Of the last fifteen minutes, the slowest first, at most twenty. */
  readonly slowest: readonly Exchange[];
  /** The latest first, at most fifty. */
  readonly failed: readonly Exchange[];
  readonly workers: readonly LiveWorker[];
  readonly certificates: readonly LiveCertificate[];
}

export interface LivePeer {
  readonly name: string;
  readonly upstream: string;
  /** `suspect`: real requests fail on it, others are preferred. `draining` wins over all but `down`. */
  readonly state: "up" | "down" | "suspect" | "draining";
  /** In words, where it is not `up`: why, and since when (milliseconds since 1970). */
  readonly reason: string | undefined;
  readonly since: number | undefined;
  /** Taken out by hand, also where it is down as well. */
  readonly isDraining: boolean;
  readonly inFlight: number;
  /** Of the last minute; null where there was no request. To the head of the answer. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Ended on it since the start, and those that failed by its fault. */
  readonly requests: number;
  readonly failures: number;
  readonly lastError: { readonly at: number; readonly reason: string } | undefined;
}

/** The busiest first, at most two hundred; `_none` is what no route took. */
export interface LiveRoute {
  /** As `maintenance` takes it. */
  readonly key: string;
  /** Since the start. */
  readonly requests: number;
  readonly errors: number;
  /** Of the last minute. */
  readonly requestsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface LiveWebSocket {
  readonly id: string;
  readonly clientAddress: string;
  readonly host: string;
  readonly path: string;
  readonly peer: string;
  readonly openedAt: number;
  /** Since it was opened: from the client, and to it. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Per second, both ways, of late. */
  readonly messagesPerSecond: number;
}

export interface LiveWorker {
  /** Counts from 1. */
  readonly worker: number;
  readonly pid: number;
  readonly isServing: boolean;
  readonly restarts: number;
  readonly rssBytes: number | undefined;
  readonly inFlight: number;
}

export interface LiveCertificate {
  readonly names: readonly string[];
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** One request that is over, as far as it is told live. */
export interface Exchange {
  /** When it ended. */
  readonly at: number;
  readonly method: string;
  readonly host: string;
  /** As the client sent it. */
  readonly uri: string;
  readonly status: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
  readonly clientAddress: string;
  readonly route: string | undefined;
  readonly peer: string | undefined;
  readonly retries: number;
  readonly requestId: string | undefined;
  /** Reason and detail of a failure, in words. */
  readonly error: string | undefined;
}

export interface Exchanges {
  readonly exchanges: readonly Exchange[];
  /** How many more there were than are told. */
  readonly untold: number;
}
