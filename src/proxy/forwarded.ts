import type { LaidOver } from "./lane.ts";
import type { Session } from "./session.ts";

/**
 * Sets X-Forwarded-For, -Proto and -Host as Caddy does: replaced when the peer is not trusted; when it is, For
 * is appended and Proto and Host are kept where they are present. Runs after hop-by-hop removal.
 */
export function setForwarded(headers: Headers, session: Session, isTrusted: boolean): void {
  const remote = session.remoteAddress;
  const proto = session.secure ? "https" : "http";
  const { host } = session;
  if (!isTrusted) {
    if (remote === "") headers.delete("X-Forwarded-For");
    else headers.set("X-Forwarded-For", remote);
    headers.set("X-Forwarded-Proto", proto);
    // HTTP/1.0 may have none.
    if (host === undefined) headers.delete("X-Forwarded-Host");
    else headers.set("X-Forwarded-Host", host);
    return;
  }
  const before = headers.get("X-Forwarded-For");
  if (remote !== "") headers.set("X-Forwarded-For", before === null || before === "" ? remote : `${before}, ${remote}`);
  if (!headers.has("X-Forwarded-Proto")) headers.set("X-Forwarded-Proto", proto);
  if (host !== undefined && !headers.has("X-Forwarded-Host")) headers.set("X-Forwarded-Host", host);
}

/**
 * The fields of a request of which nothing is changed but what `setForwarded` does for a peer that is not trusted: to copy
 * them, only to write them as lines, costs a fifteenth of a request.
 */
export class ForwardedFields implements LaidOver {
  readonly client: Headers;
  readonly host: string;
  readonly lines: string;
  readonly #session: Session;

  /** @param session an ordinary one that has a Host */
  constructor(session: Session) {
    const host = session.host ?? "";
    const remote = session.remoteAddress;
    this.#session = session;
    this.client = session.headers;
    this.host = host;
    const proto = session.secure ? "https" : "http";
    const from = remote === "" ? "" : `X-Forwarded-For: ${remote}\r\n`;
    this.lines = `${from}X-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${host}\r\n`;
  }

  /** All of them, to be changed. */
  copy(): Headers {
    const headers = new Headers(this.client);
    headers.delete("connection");
    setForwarded(headers, this.#session, false);
    return headers;
  }
}
