import { asksFor, atOrigin, isTarget, sends, type Table } from "./intended.ts";

/** In what the origin gets, and in which one does. */
export const ORIGINS = {
  "gzip asked for": {
    reason: "Caddy asks for gzip where the client asked for nothing; gatekeeper does not speak for its client",
    covers: ({ name, caddy, ours }, { wire }) =>
      atOrigin(name) === "header accept-encoding" &&
      caddy === "gzip" &&
      ours === undefined &&
      !sends(wire, "accept-encoding"),
  },
  "kept connection": {
    reason: "fetch says keep-alive, which HTTP/1.1 means without",
    covers: ({ name, caddy, ours }) =>
      atOrigin(name) === "header connection" && caddy === undefined && ours === "keep-alive",
  },
  "trailers asked for": {
    reason: "fetch hands no trailers on, so gatekeeper does not ask for them",
    covers: ({ name, caddy, ours }) => atOrigin(name) === "header te" && caddy === "trailers" && ours === undefined,
  },
  "lines of one field to the origin": {
    reason: "lines of one field are joined into one, which means the same (RFC 9110 5.3)",
    covers: ({ name, caddy, ours }) =>
      atOrigin(name).startsWith("header ") &&
      caddy?.includes("\n") === true &&
      (caddy.replaceAll("\n", ", ") === ours || (name.endsWith(" cookie") && caddy.replaceAll("\n", "; ") === ours)),
  },
  "lines of X-Forwarded-Host": {
    reason: "of two lines that a trusted peer sent Caddy keeps the last one; joined they are still both there",
    covers: ({ name, caddy, ours }, { wire }) =>
      atOrigin(name) === "header x-forwarded-host" &&
      wire.line.includes(`X-Forwarded-Host: ${ours?.replace(", ", " | X-Forwarded-Host: ")}`) &&
      ours?.endsWith(`, ${caddy}`) === true,
  },
  "whom the client asked for": {
    reason: "X-Forwarded-Host is the Host that the client sent; Caddy's is what request_header made of it",
    covers: ({ name, caddy, ours }, { wire }) =>
      atOrigin(name) === "header x-forwarded-host" &&
      asksFor(wire, "GET /host") &&
      caddy === "other.example" &&
      ours === "a.example",
  },
  "body too large": {
    reason: "Caddy begins to send a body that is too large, and whether the origin sees that is chance",
    covers: ({ name }, { wire, caddy }) =>
      /^ORIGIN 1\b/.test(name) && wire.method === "POST" && /^(413|502)$/.test(caddy.get("status") ?? ""),
  },
  "where the turn begins": {
    reason: "round_robin begins with the first upstream; Caddy's with the second",
    covers: ({ name, caddy, ours }, { caddy: theirs, ours: mine, wire }) =>
      isTarget(name) &&
      /^[A-Z]+ \/turn\//.test(wire.line) &&
      (caddy === undefined) !== (ours === undefined) &&
      theirs.has("ORIGIN 1") === mine.has("ORIGIN_2 1"),
  },
  "next upstream": {
    reason: "where an upstream refuses the connection the next one is tried; Caddy does so only when told to",
    covers: (_, { wire, caddy, ours }) =>
      asksFor(wire, "GET /first", "POST /first", "GET /failed/1") &&
      caddy.get("status") === "502" &&
      ours.has("ORIGIN 1"),
  },
  "answers that are none": {
    reason: "what is no answer of HTTP is a 502; Caddy leaves out the faulty field, and passes the status 600 on",
    covers: (_, { wire, ours }) => /"Bad Field: |"status":600/.test(wire.line) && ours.get("status") === "502",
  },
} as const satisfies Table;
