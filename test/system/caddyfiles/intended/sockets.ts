import { asksFor, atOrigin, sharedStatus, type Table } from "./intended.ts";

/** In WebSockets, whose messages gatekeeper reads and sends again. */
export const SOCKETS = {
  "key of the handshake": {
    reason: "the handshake with the origin is gatekeeper's own",
    covers: ({ name, caddy, ours }, { wire }) =>
      atOrigin(name) === "header sec-websocket-key" &&
      wire.isWebSocket &&
      caddy !== undefined &&
      /^[\w+/]{22}==$/.test(ours ?? ""),
  },
  "compression of messages": {
    reason: "each side agrees on its own compression of messages, without a context kept between them",
    covers: ({ name, ours }, setting) =>
      /sec-websocket-extensions$/.test(name) &&
      sharedStatus(setting) === 101 &&
      /^permessage-deflate; /.test(ours ?? ""),
  },
  "other upgrades": {
    reason: "only a WebSocket is upgraded to, and only by GET (RFC 6455 4.1); a request for another goes on without",
    covers: ({ name, caddy }, { wire }) =>
      /^(GET \/ \| Connection: Upgrade \| Upgrade: h2c|POST \/ \| websocket )/.test(`${wire.line} `) &&
      /^header (connection|upgrade)$/.test(atOrigin(name)) &&
      caddy !== undefined,
  },
  "edits of a handshake's answer": {
    reason: "header_down acts on every answer of the origin; Caddy leaves the 101 of a WebSocket out",
    covers: ({ name }, setting) =>
      asksFor(setting.wire, "GET /down") && sharedStatus(setting) === 101 && /^header x-(set|added|place)$/.test(name),
  },
} as const satisfies Table;
