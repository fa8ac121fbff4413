/** A request's body: bytes where all of it is here. */
export type UploadBody = ReadableStream<Uint8Array> | Uint8Array;

/** A client's fields that go on as they came, but for its X-Forwarded-For, -Proto and -Host, in whose place are others. */
export interface LaidOver {
  /** Host and Connection among them. */
  readonly client: Headers;
  readonly host: string;
  /** Those others, each as a line of a head. */
  readonly lines: string;
}

/** One attempt's message, ready to go. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** The same as `headers`, which are made when they are asked for then; undefined where they are something else. Default undefined. */
  readonly laidOver?: LaidOver | undefined;
  /** Undefined where the request has none. Content-Length in `headers` tells its length, else it goes chunked. */
  readonly body: UploadBody | undefined;
  /** Another attempt was made before this one. Default false. */
  readonly isRepeated?: boolean;
  /** Told by a lane that made a connection for it and knows: how long that took, TLS included. */
  connectMs?: number | undefined;
  /** Ends the attempt: the client's going, or a deadline. */
  readonly signal: AbortSignal;
}

/** An upstream's answer, its head here and its body to come. A fetched `Response` is one. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Nothing in `headers` is of one connection alone. Undefined where that is to be found out. */
  readonly isEndToEnd?: boolean;
  /** The body piece by piece; null where there is none. Either this or `bytes` is used, once. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** The whole body. */
  bytes(): Promise<Uint8Array>;
}

/**
 * A way to one peer. `send` resolves when the head of the answer is there, with the body still to come, and
 * rejects with whatever its client throws (`failureOf` says what that means).
 */
export interface Lane extends Disposable {
  send(outgoing: Outgoing): Promise<UpstreamAnswer>;
}
