/** What a regular expression found: its groups by number, and those that have one by name. A match is one. */
export interface CapturedGroups extends ArrayLike<string | undefined> {
  readonly groups?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A request as the matchers see it, at the moment they look: edits of handlers before them count. */
export interface RequestFacts {
  readonly method: string;
  /** The Host without its port, in small letters, IPv6 in brackets; "" where there is none. */
  readonly hostname: string;
  /** The path as it will be sent upstream: percent-encoded, without query. */
  readonly path: string;
  /** The query as it will be sent, without `?`; "" where there is none. */
  readonly query: string;
  readonly headers: Headers;
  /** True when the listener speaks TLS. */
  readonly secure: boolean;
  /** A WebSocket handshake (RFC 6455 4.1). */
  readonly isUpgrade: boolean;
  /** The socket's IP; "" on a unix socket. */
  readonly remoteAddress: string;
  /** The client's IP as trusted proxies tell it, else `remoteAddress`. */
  readonly clientAddress: string;
  /**
   * Remembers the groups of a regular expression that matched; placeholders `{re.NAME.N}`, `{re.NAME.GROUP}` and
   * `{re.N}` read them.
   */
  capture(name: string | undefined, groups: CapturedGroups): void;
}
