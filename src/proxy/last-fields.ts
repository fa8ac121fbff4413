import type { Session } from "./session.ts";

/**
 * What stands on every answer, after all edits. Where the listener is leaving, the client's connection is the last answer's
 * (RFC 9112 9.6); Bun then closes it. Over HTTP/2 Bun leaves the field out, and says GOAWAY when the listener stops (1.4.5).
 */
export function addLastFields(session: Session, headers: Headers): void {
  addEcho(session, headers);
  if (session.downstream.departure.isNear) headers.set("Connection", "close");
}

/** The same for the 101 of a WebSocket, whose connection stays. */
export function addEcho({ echo }: Session, headers: Headers): void {
  if (echo !== undefined) headers.set(echo.name, echo.value);
}
