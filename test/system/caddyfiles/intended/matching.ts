import { asksFor, sends, type Table } from "./intended.ts";

const ANSWERED = /^(body|header content-length)$/;

/** In which route takes a request. */
export const MATCHING = {
  "lines that are compared": {
    reason: "Bun joins the lines of one field, so that a value is compared with them all",
    covers: ({ name, caddy, ours }, { wire }) =>
      (name === "header x-is-equal" || name === "header x-major") &&
      /X-Equal: two \| X-Equal: one|X-Version: x \| X-Version: v3\.4/.test(wire.line) &&
      caddy !== undefined &&
      ours === undefined,
  },
  "dots and blanks at the end of a path": {
    reason: "2.6.2 cuts them off a path before it is compared, today's Caddy on Windows alone",
    covers: ({ name, caddy, ours }, { wire }) =>
      asksFor(wire, "GET /exact.", "GET /exact%20") &&
      ANSWERED.test(name) &&
      (name !== "body" || (caddy === "exact" && ours === "none")),
  },
  "several parameters": {
    reason: "as in today's Caddy, every parameter that is named must be there; in 2.6.2 one of them was enough",
    covers: ({ name, caddy, ours }, { wire }) =>
      /^GET \/\?[abcd]=[12]$/.test(wire.line) &&
      ANSWERED.test(name) &&
      (name !== "body" || (/^(matched|block)$/.test(caddy ?? "") && ours === "not matched")),
  },
  "several values": {
    reason: "as in today's Caddy, any value of a parameter counts; in 2.6.2 only the first did",
    covers: ({ name, caddy, ours }, { wire }) =>
      /^GET \/\?a=2&a=1$/.test(wire.line) && name === "header x-equal" && caddy === undefined && ours === "yes",
  },
} as const satisfies Table;

/** In TLS. */
export const TLS = {
  "no HTTP/3": {
    reason: "HTTP/3 is offered only where it is asked for",
    covers: ({ name, caddy, ours }) =>
      name === "header alt-svc" && /^h3=":<TLS_PORT\w*>"; ma=2592000$/.test(caddy ?? "") && ours === undefined,
  },
  "a name without a certificate": {
    reason: "Bun shows the first certificate where no name fits, and the client judges; Caddy ends the handshake",
    covers: (_, { wire, caddy, ours }) =>
      /\| tls( (unknown\.test|x\.y\.wild\.example|wild\.example))?( \||$)/.test(wire.line) &&
      caddy.get("no answer") !== undefined &&
      ours.get("status") === "200",
  },
  "certificates of another port": {
    reason: "a certificate stands for its own site; Caddy shows every one that it has on every port",
    covers: ({ name, caddy }, { wire }) =>
      name === "certificate" && wire.line === "GET / | tls a.example | port TLS_PORT_2" && caddy === "DNS:a.example",
  },
  "plain HTTP to a TLS port": {
    reason: "Bun ends the connection; Caddy explains",
    covers: (_, { wire, caddy, ours }) =>
      wire.line === "GET / | port TLS_PORT" && caddy.get("status") === "400" && ours.has("no answer"),
  },
  "redirects keep the connection": {
    reason: "Caddy closes the connection after its automatic redirect",
    covers: ({ name, caddy, ours }, setting) =>
      name === "header connection" &&
      caddy === "close" &&
      ours === undefined &&
      setting.ours.get("status") === "308" &&
      !sends(setting.wire, "connection"),
  },
} as const satisfies Table;
