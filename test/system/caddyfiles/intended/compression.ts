import { sends, type Table } from "./intended.ts";

const FRAMING = /^header (content-length|transfer-encoding)$/;
const COMPRESSED = /^header (content-encoding|content-length|transfer-encoding|vary)$/;
const HTML = /"Content-Type: text\/html"/;

/** In what encode does. */
export const COMPRESSION = {
  "length of what is compressed": {
    reason: "what is compressed on its way is chunked; Caddy sends a length where its buffer held the whole",
    covers: ({ name }, { caddy, ours }) =>
      FRAMING.test(name) &&
      caddy.has("header content-encoding") &&
      caddy.get("header content-encoding") === ours.get("header content-encoding"),
  },
  brotli: {
    reason: "Debian's Caddy has no Brotli",
    covers: ({ name }, { ours, wire }) =>
      COMPRESSED.test(name) && /Accept-Encoding: br\b/.test(wire.line) && ours.get("header content-encoding") === "br",
  },
  "type in capitals": {
    reason: "media types have no case (RFC 9110 8.3.1)",
    covers: ({ name }, { wire, ours }) =>
      COMPRESSED.test(name) && wire.line.includes("TEXT/HTML") && ours.get("header content-encoding") === "gzip",
  },
  "a part is left as it is": {
    reason: "the bytes of a 206 are those that its Content-Range counts; Caddy compresses them",
    covers: ({ name }, { wire, ours }) =>
      COMPRESSED.test(name) && /"status":206/.test(wire.line) && !ours.has("header content-encoding"),
  },
  "no transformation": {
    reason: "Cache-Control: no-transform is obeyed (RFC 9110 7.7), as today's Caddy does",
    covers: ({ name }, { wire, ours }) =>
      COMPRESSED.test(name) && /no-transform/.test(wire.line) && !ours.has("header content-encoding"),
  },
  "event streams": {
    reason: "an event stream is never compressed",
    covers: ({ name }, { wire, ours }) =>
      COMPRESSED.test(name) && /text\/event-stream/.test(wire.line) && !ours.has("header content-encoding"),
  },
  "no type, no compression": {
    reason: "Caddy compresses by the type it guessed",
    covers: ({ name }, { wire, ours }) =>
      COMPRESSED.test(name) && /X-A: no type/.test(wire.line) && !ours.has("header content-encoding"),
  },
  "tag of what is compressed": {
    reason: "other bytes have another strong ETag (RFC 9110 8.8.3); today's Caddy does the same",
    covers: ({ name, caddy, ours }, { wire }) =>
      name === "header etag" && HTML.test(wire.line) && `${caddy?.slice(0, -1)}-gzip"` === ours,
  },
  "Vary once": {
    reason: "Vary names Accept-Encoding once, and * stands for it",
    covers: ({ name, caddy, ours }) =>
      name === "header vary" && /^(\*|Accept-Encoding)$/.test(ours ?? "") && caddy === `${ours}\nAccept-Encoding`,
  },
  "an empty Accept-Encoding": {
    reason: "Caddy asks the origin for gzip beside the empty field of a client that wants nothing",
    covers: ({ name, caddy, ours }, { wire }) =>
      /^ORIGIN 1 header accept-encoding$/.test(name) &&
      sends(wire, "accept-encoding") &&
      caddy === "\ngzip" &&
      ours === "",
  },
} as const satisfies Table;
