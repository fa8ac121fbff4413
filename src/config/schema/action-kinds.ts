import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { parseTemplate } from "../../core/template.ts";
import { kind, oneOf, type Kind } from "../kinds.ts";

/** A text with placeholders. */
export const TEMPLATE = kind(
  "TEMPLATE",
  "text",
  ["a text; placeholders such as {host} may stand in it", "for {host}"],
  (text): Parsed<string> => checked(text),
  { mayBeEmpty: true },
);

function checked(text: string): Parsed<string> {
  const template = parseTemplate(text);
  return template.ok ? accept(text) : template;
}

/** The Host that is sent upstream. */
export const HOST_TEMPLATE = kind(
  "TEMPLATE",
  "text",
  ["a host with a port or without; placeholders such as {upstream_hostport} may stand in it", "app.example"],
  (text): Parsed<string> => {
    const scheme = /^[a-z]+:\/\/([^/]*)/i.exec(text);
    if (scheme !== null) return refuse("a Host has no scheme", scheme[1]);
    return /[\s/@]/.test(text.replace(/\{[^{}]*\}/g, "")) ? refuse("this is no host") : checked(text);
  },
);

/** Where a rewrite leads. */
export const REWRITE = kind(
  "TEMPLATE",
  "text",
  ["a path, a ?query or both; placeholders such as {uri} may stand in it", "/new{uri}"],
  (text): Parsed<string> => {
    const url = /^[a-z]+:\/\/[^/]*(.*)$/i.exec(text);
    if (url !== null) return refuse("a rewrite stays on this host: redirect leads to another", url[1] || "/");
    if (/[\s]/.test(text)) return refuse("a path has no spaces");
    if (!/^[/?{]/.test(text)) return refuse("it does not start with / or ?", /^\w/.test(text) ? `/${text}` : undefined);
    return checked(text);
  },
);

/** Where a redirect leads. */
export const REDIRECT_TO = kind(
  "TEMPLATE",
  "text",
  ["a URL or a path; placeholders such as {uri} may stand in it", "https://{host}{uri}"],
  (text): Parsed<string> => (/\s/.test(text) ? refuse("a URL has no spaces and no line breaks") : checked(text)),
);

/** The start of a path that is taken away. */
export const STRIP_PREFIX = kind(
  "PATH",
  "text",
  ["the start of a path, such as /api", "/api"],
  (text): Parsed<string> => {
    if (/[{}]/.test(text)) return refuse("placeholders are not read here");
    if (text.endsWith("*")) return refuse("it is plain text, without *", text.replace(/\/?\*+$/, "") || "/");
    // As Caddy does.
    return accept(text.startsWith("/") ? text : `/${text}`);
  },
);

/** The end of a path that is taken away. */
export const STRIP_SUFFIX = kind(
  "TEXT",
  "text",
  ["the end of a path, such as .php", ".php"],
  (text): Parsed<string> => {
    return /[{}]/.test(text) ? refuse("placeholders are not read here") : accept(text);
  },
);

/** What is put in the place of something. */
export const REPLACEMENT = kind(
  "TEXT",
  "text",
  ["a text; $1 is the first group of a regular expression", "b"],
  (text): Parsed<string> => accept(text),
  { mayBeEmpty: true },
);

/** A status within bounds, or a placeholder that gives one. */
export function status(least: number, most: number, example: string): Kind<string> {
  return kind(
    "STATUS",
    "text_or_number",
    [`a status from ${least} to ${most}, such as ${example}`, example],
    (text): Parsed<string> => {
      if (/^\{.*\}$/.test(text)) return checked(text);
      if (!/^\d+$/.test(text)) return refuse("this is no status");
      const value = Number(text);
      return value >= least && value <= most
        ? accept(String(value))
        : refuse(`${text} is not from ${least} to ${most}`);
    },
    { bounds: [least, most] },
  );
}

export const ANSWER_STATUS = status(200, 599, "200");
/** The status of an answer that is passed on; "" leaves it as it is. */
export const COPY_STATUS = kind(
  "STATUS",
  "text_or_number",
  ["a status from 200 to 599, or unchanged", "unchanged"],
  (text): Parsed<string> => (text === "unchanged" ? accept("") : ANSWER_STATUS.parse(text)),
);

export const REDIRECT_STATUS = status(300, 399, "308");
export const ERROR_STATUS = status(400, 599, "503");

/** bcrypt as htpasswd, PHP and Caddy write it: version, cost, and 53 characters of salt and digest. */
const BCRYPT = /^\$2[abxy]?\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** The hash of a password. */
export const PASSWORD_HASH = kind(
  "HASH",
  "text",
  [
    "a bcrypt hash, which htpasswd -nB NAME or caddy hash-password makes",
    "$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe",
  ],
  (text): Parsed<string> => (BCRYPT.test(text) ? accept(text) : refuse(hashFault(text))),
  { isSecret: true },
);

function hashFault(text: string): string {
  if (/^\$2[abxy]?\$/.test(text)) return "this bcrypt hash is not whole";
  if (/^\$argon2|^\$apr1\$|^\$[156]\$|^\{SHA\}/.test(text)) return "this is a hash of another kind than bcrypt";
  return "this is no bcrypt hash";
}

/** RFC 7617 2: a colon would end the name. */
export const USER_NAME = kind("NAME", "text", ["a user's name, without a colon", "bob"], (text): Parsed<string> => {
  if (text === "") return refuse("the name is empty");
  // oxlint-disable-next-line no-control-regex -- RFC 7617 2 forbids them
  return /[:\u0000-\u001f\u007f]/.test(text)
    ? refuse("a user's name has no colon and no control characters")
    : accept(text);
});

/** A realm, which stands between quotes in a header. */
export const REALM = kind("TEXT", "text", ["a text without quotes", "restricted"], (text): Parsed<string> => {
  // oxlint-disable-next-line no-control-regex -- the bounds of what stands in a quoted string
  return /["\\\u0000-\u001f\u007f]|[^\u0000-\u00ff]/.test(text) ? refuse('a realm has no " and no \\') : accept(text);
});

export const ENCODING = oneOf("FORMAT", ["zstd", "br", "gzip"]);

/** The content type of an answer. */
export const ANSWER_TYPE = kind(
  "TYPE",
  "text",
  ["a content type, such as text/html; charset=utf-8", "text/html; charset=utf-8"],
  (text): Parsed<string> => {
    return /^[\w.+-]+\/[\w.+-]+(?: *; *[\w-]+=(?:[\w.+-]+|"[^"\\]*"))*$/.test(text)
      ? accept(text)
      : refuse("this is no content type");
  },
);

/** A content type, or the start of one. */
export const CONTENT_TYPE = kind(
  "TYPE",
  "text",
  ["a content type, with * at the end for anything, such as text/*", "text/*"],
  (text): Parsed<string> => {
    return /^(?:[\w.+-]+\/[\w.+;= -]*\*?|\*)$/.test(text)
      ? accept(text.toLowerCase())
      : refuse("this is no content type");
  },
);
