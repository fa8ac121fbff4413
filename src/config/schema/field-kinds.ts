import { isToken } from "../../core/fields.ts";
import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { parseTemplate } from "../../core/template.ts";
import { kind } from "../kinds.ts";
import { parseField } from "./match-kinds.ts";

/** Fields that belong to the connection or to the framing of the message: what is set there would be lost or a fault. */
const NOT_SETTABLE: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
]);

const WEBSOCKET_FIELDS: ReadonlySet<string> = new Set(["connection", "upgrade"]);

/** The name of a field that is set or added. */
export const SET_FIELD = kind(
  "FIELD",
  "text",
  ["the name of a header field that may be set, such as X-Token", "X-Token"],
  (text): Parsed<string> => {
    const field = parseFieldTemplate(text);
    const name = text.toLowerCase();
    if (!field.ok || !NOT_SETTABLE.has(name)) return field;
    const why = WEBSOCKET_FIELDS.has(name) ? ": a WebSocket needs nothing here" : "";
    return refuse(`${text} belongs to the connection and cannot be set${why}`);
  },
);

/** The name of a field that is removed, `*` at either end for any. */
export const REMOVE_FIELD = kind(
  "FIELD",
  "text",
  ["the name of a header field, with * at either end for anything", "X-*"],
  (text): Parsed<string> => {
    const inner = text.replace(/^\*|\*$/g, "");
    if (inner.includes("*")) return refuse("* stands only at either end of a name");
    if (text.startsWith("-")) return refuse("- is written only in a Caddyfile", text.slice(1));
    return inner === "" ? accept(text) : parseFieldTemplate(text);
  },
);

/** The name of a field that is edited, `*` for every field. */
export const EDIT_FIELD = kind(
  "FIELD",
  "text",
  ["the name of a header field, or * for every one", "Location"],
  (text): Parsed<string> => (text === "*" ? accept(text) : parseFieldTemplate(text)),
);

/** Placeholders may stand in a name; what is around them has to be a token. */
function parseFieldTemplate(text: string): Parsed<string> {
  if (!text.includes("{")) return parseField(text);
  const template = parseTemplate(text);
  if (!template.ok) return template;
  const around = text.replace(/\{[^{}]*\}/g, "x");
  return isToken(around) ? accept(text) : refuse("this is no name of a header field");
}

/** The value of a field: a template. RFC 9110 5.5; Bun's Headers hold Latin-1. */
export const FIELD_VALUE = kind(
  "TEMPLATE",
  "text",
  ["the value of a header field; placeholders such as {host} may stand in it", "v-{host}"],
  (text): Parsed<string> => {
    // oxlint-disable-next-line no-control-regex -- they would begin another field
    if (/[\r\n\0]/.test(text)) return refuse("a header's value has no line breaks and no NUL");
    // oxlint-disable-next-line no-control-regex -- the bounds of Latin-1
    const foreign = /[^\u0000-\u00ff]/u.exec(text)?.[0];
    if (foreign !== undefined) return refuse(`a header's value cannot hold "${foreign}", which is not Latin-1`);
    const template = parseTemplate(text);
    return template.ok ? accept(text) : template;
  },
  { mayBeEmpty: true },
);
