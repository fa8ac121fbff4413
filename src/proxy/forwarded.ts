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
