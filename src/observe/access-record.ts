/** What is told of one request, when it is over. Texts of the client's are bytes, one char for each. */
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
  /** A text. */
  readonly userId: string;
  readonly durationMs: number;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** Bytes of the request's body; undefined where it is not known. */
  readonly bytesRead: number | undefined;
  readonly status: number;
  readonly responseHeaders: Headers;
  /** The names of the routes that lead to where it was forwarded. */
  readonly route: string | undefined;
  /** The peer that answered, or was asked last. */
  readonly upstream: string | undefined;
  /** What it took to connect to it; undefined where it was connected, and where it is not known. */
  readonly connectMs: number | undefined;
  /** From asking it to the head of its answer. */
  readonly upstreamLatencyMs: number | undefined;
  readonly retries: number;
  readonly requestId: string | undefined;
  /** Of a W3C trace; hexadecimal. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  /** Reason and detail of a failure. */
  readonly error: string | undefined;
  /** Of a WebSocket that is over. */
  readonly webSocket: WebSocketRecord | undefined;
}

/** How a WebSocket ended, and what went over it. Received is what came from the client. */
export interface WebSocketRecord {
  readonly closedBy: "client" | "upstream" | "gatekeeper";
  /** What ended it; 1005 is an end without a code, 1006 one without a close frame (RFC 6455 7.4.1). */
  readonly code: number;
  /** A text. */
  readonly reason: string;
  /** What each side said itself, where it did. */
  readonly clientCode: number | undefined;
  readonly upstreamCode: number | undefined;
  readonly traffic: {
    readonly messagesReceived: number;
    readonly bytesReceived: number;
    readonly messagesSent: number;
    readonly bytesSent: number;
  };
}

/** Caddy's: what went wrong on the server's side is an error. */
export function levelOf({ status }: AccessRecord): "info" | "error" {
  return status >= 500 ? "error" : "info";
}
