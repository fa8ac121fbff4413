/** Where lines go. */
export type AccessLogOutput = { readonly type: "stdout" | "stderr" } | { readonly type: "file"; readonly path: string };

export type AccessLogFormat = "json" | "console";

/** What is told of one request, when it is over. */
export interface AccessRecord {
  /** When it ended, milliseconds since 1970. */
  readonly endMs: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly clientAddress: string;
  /** `HTTP/1.1`, `HTTP/2.0`; undefined where it is not known. */
  readonly proto: string | undefined;
  readonly method: string;
  readonly host: string;
  /** As the client sent it. */
  readonly uri: string;
  readonly requestHeaders: Headers;
  readonly secure: boolean;
  readonly userId: string;
  readonly durationMs: number;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** Bytes of the request's body. */
  readonly bytesRead: number;
  readonly status: number;
  readonly responseHeaders: Headers;
  /** The peer that answered. */
  readonly upstream: string | undefined;
  readonly upstreamLatencyMs: number | undefined;
  readonly retries: number;
  readonly requestId: string | undefined;
  /** Reason and detail of a failure. */
  readonly error: string | undefined;
}

/** A log of requests: one per distinct output. */
export interface AccessLog extends AsyncDisposable {
  write(record: AccessRecord): void;
  /** Lines that were lost because the output was too slow. */
  readonly dropped: number;
  /** Everything so far is written. */
  flush(): Promise<void>;
  /** Opens its file anew, after it was moved away. */
  reopen(): Promise<void>;
}

export function openAccessLog(_output: AccessLogOutput, _format: AccessLogFormat): AccessLog {
  return {
    write() {},
    dropped: 0,
    async flush() {},
    async reopen() {},
    async [Symbol.asyncDispose]() {},
  };
}
