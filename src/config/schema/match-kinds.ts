import { parseNetwork } from "../../core/cidr.ts";
import { isToken } from "../../core/fields.ts";
import { parseHost } from "../../core/host.ts";
import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { kind, oneOf } from "../kinds.ts";
import { regexpFault } from "./regexp.ts";

/** Written as a placeholder, which no matcher reads. `{2}` of a regular expression is none. */
const PLACEHOLDER = /\{[a-z_$][\w.>$-]*\}/i;
const NO_PLACEHOLDERS = "placeholders are not read in a match";
// oxlint-disable-next-line no-control-regex -- they cannot stand in a request
const CONTROL = /[\u0000-\u001f\u007f]/;

export const HOST_PATTERN = kind(
  "NAME",
  "text",
  ["a host name without port, such as app.example or *.app.example (* is one label)", "app.example"],
  (text): Parsed<string> => {
    if (PLACEHOLDER.test(text)) return refuse(NO_PLACEHOLDERS);
    const scheme = /^[a-z]+:\/\/([^/]*)/i.exec(text);
    if (scheme !== null) return refuse("a host is a name alone", scheme[1]);
    if (text.includes("/")) return refuse("a host has no path", text.slice(0, text.indexOf("/")));
    const port = /^(\[[^\]]*\]|[^:]*):\d*$/.exec(text);
    if (port !== null) return refuse("a host is matched without its port", port[1]);
    const labels = text.split(".");
    const partly = labels.find((label) => label.includes("*") && label !== "*");
    if (partly !== undefined) return refuse(`* stands for a whole label, and "${partly}" is a part of one`);
    const host = parseHost(labels.map((label) => (label === "*" ? "x" : label)).join("."));
    if (!host.ok) return host;
    if (host.value.includes(":")) return accept(`[${host.value}]`);
    const read = host.value.split(".");
    return accept(labels.map((label, i) => (label === "*" ? "*" : (read[i] ?? ""))).join("."));
  },
);

export const PATH_GLOB = kind(
  "PATH",
  "text",
  ["a path such as /exact, /prefix/*, *.php or /a/*/b", "/api/*"],
  (text): Parsed<string> => {
    if (PLACEHOLDER.test(text)) return refuse(NO_PLACEHOLDERS);
    if (CONTROL.test(text)) return refuse("a path has no control characters");
    const url = /^[a-z]+:\/\/[^/]*(.*)$/i.exec(text);
    if (url !== null) return refuse("a path is matched without scheme and host", url[1] === "" ? "/" : url[1]);
    const query = /^([^?]*)\?[\w.~-]+=/.exec(text);
    if (query !== null) return refuse("a path has no query: that is matched by query", query[1]);
    if (!/^[/*]/.test(text))
      return refuse("it does not start with / or *", /^[\w.]/.test(text) ? `/${text}` : undefined);
    return globFault(text) ?? accept(text);
  },
);

/** `[a-z]` and `\` have the meaning that Go's path.Match gives them. */
function globFault(text: string): ReturnType<typeof refuse> | undefined {
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === "\\" && at++ === text.length - 1) return refuse("\\ stands at the end, before nothing");
    if (c !== "[") continue;
    const inside = /^\[\^?(?:\\.|[^\]\\-])(?:\\.|[^\]\\])*\]/.exec(text.slice(at));
    if (inside === null) return refuse("the [ is not closed, or nothing is in it");
    at += inside[0].length - 1;
  }
  return undefined;
}

export const METHOD = kind("METHOD", "text", ["a method in capitals, such as GET", "GET"], (text): Parsed<string> => {
  if (!isToken(text)) return refuse("this is no method");
  const capitals = text.toUpperCase();
  return text === capitals ? accept(text) : refuse("methods are told apart by case", capitals);
});

/** The name of a field that is looked at. */
export const FIELD = kind("FIELD", "text", ["the name of a header field, such as X-Token", "X-Token"], parseField);

/** RFC 9110 5.1: a field's name is a token. */
export function parseField(text: string): Parsed<string> {
  if (isToken(text)) return accept(text);
  const bare = /^([^\s:]+)\s*:/.exec(text)?.[1];
  if (bare !== undefined && isToken(bare)) return refuse("a field's name is written without its colon", bare);
  return refuse(text === "" ? "the name is empty" : "this is no name of a header field");
}

export const VALUE_PATTERN = kind(
  "VALUE",
  "text",
  ["the value of a field, with * at either end for anything", "v1*"],
  (text): Parsed<string> => {
    if (PLACEHOLDER.test(text)) return refuse(NO_PLACEHOLDERS);
    return CONTROL.test(text.replaceAll("\t", " ")) ? refuse("a value has no control characters") : accept(text);
  },
  { mayBeEmpty: true },
);

export const PARAMETER = kind("NAME", "text", ["the name of a query's parameter", "q"], (text): Parsed<string> => {
  return PLACEHOLDER.test(text) ? refuse(NO_PLACEHOLDERS) : accept(text);
});

export const PARAMETER_VALUE = kind(
  "VALUE",
  "text",
  ["the value of a parameter as it is after decoding, or * for any", "*"],
  (text): Parsed<string> => (PLACEHOLDER.test(text) ? refuse(NO_PLACEHOLDERS) : accept(text)),
  { mayBeEmpty: true },
);

export const REGEXP = kind(
  "REGEXP",
  "text",
  ["a regular expression as JavaScript has them, such as ^/[a-z]+$", "^/[a-z]+$"],
  (text): Parsed<string> => regexpFault(text) ?? accept(text),
);

export const GROUP_NAME = kind(
  "NAME",
  "text",
  ["a name of letters, digits and _, for {re.NAME.1}", "id"],
  (text): Parsed<string> => (/^\w+$/.test(text) ? accept(text) : refuse("this is no such name")),
);

export const NETWORK = kind(
  "CIDR",
  "text",
  ["a network such as 10.0.0.0/8, an address or private_ranges", "10.0.0.0/8"],
  parseNetwork,
);

export const PROTOCOL = oneOf("WORD", ["http", "https", "websocket"]);
