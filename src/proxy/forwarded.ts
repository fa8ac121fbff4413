import type { LaidOver } from "./lane.ts";
import type { Session } from "./session.ts";

/** What X-Forwarded-For, -Proto and -Host are to be; null for a field that is not to be there. */
interface Forwarded {
  readonly from: string | null;
  readonly proto: string;
  readonly host: string | null;
}

/**
 * As Caddy does: the client's own are replaced when the peer is not trusted; when it is, For is appended and Proto and Host are
 * kept where they are present.
 */
function forwardedOf(client: Headers, session: Session, isTrusted: boolean): Forwarded {
  const remote = session.remoteAddress;
  const proto = session.secure ? "https" : "http";
  // HTTP/1.0 may have none.
  const host = session.host ?? null;
  if (!isTrusted) return { from: remote === "" ? null : remote, proto, host };
  const before = client.get("X-Forwarded-For");
  const chain = before === null || before === "" ? remote : `${before}, ${remote}`;
  return {
    from: remote === "" ? before : chain,
    proto: client.get("X-Forwarded-Proto") ?? proto,
    host: client.get("X-Forwarded-Host") ?? host,
  };
}

/** Sets X-Forwarded-For, -Proto and -Host. Runs after hop-by-hop removal. */
export function setForwarded(headers: Headers, session: Session, isTrusted: boolean): void {
  write(headers, forwardedOf(headers, session, isTrusted));
}

/**
 * The fields of a request of which nothing but these three is changed: to copy them, only to write them as lines, costs a
 * fifteenth of a request.
 */
export class ForwardedFields implements LaidOver {
  readonly client: Headers;
  readonly host: string;
  readonly lines: string;
  readonly #forwarded: Forwarded;

  /** @param session a bare one */
  constructor(session: Session, isTrusted: boolean) {
    this.client = session.headers;
    this.host = session.host ?? "";
    const forwarded = forwardedOf(this.client, session, isTrusted);
    this.#forwarded = forwarded;
    const { from, proto, host } = forwarded;
    const fromLine = from === null ? "" : `X-Forwarded-For: ${from}\r\n`;
    this.lines = `${fromLine}X-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${host ?? ""}\r\n`;
  }

  /** All of them, to be changed. */
  copy(): Headers {
    const headers = new Headers(this.client);
    headers.delete("connection");
    write(headers, this.#forwarded);
    return headers;
  }
}

function write(headers: Headers, { from, proto, host }: Forwarded): void {
  if (from === null) headers.delete("X-Forwarded-For");
  else headers.set("X-Forwarded-For", from);
  headers.set("X-Forwarded-Proto", proto);
  if (host === null) headers.delete("X-Forwarded-Host");
  else headers.set("X-Forwarded-Host", host);
}
