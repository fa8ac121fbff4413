import { count, FILE, SIZE } from "../kinds.ts";
import type { BasicAuthConfig, EncodeConfig, HandlerConfig } from "../model.ts";
import { readSecret } from "./secret.ts";
import {
  ANSWER_STATUS,
  ANSWER_TYPE,
  CONTENT_TYPE,
  ENCODING,
  ERROR_STATUS,
  PASSWORD_HASH,
  REALM,
  REDIRECT_STATUS,
  REDIRECT_TO,
  REPLACEMENT,
  TEMPLATE,
  USER_NAME,
} from "./action-kinds.ts";
import type { HandlerDraft } from "./draft.ts";
import { REGEXP } from "./match-kinds.ts";
import { field, object } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, made, map, oneOrMany, type Schema } from "./schema.ts";
import { SWITCH, TEXT } from "../kinds.ts";

/** Caddy's defaults of `encode`. */
const MINIMUM_LENGTH = 512;
const GZIP_LEVEL = 5;
const ALL_FORMATS = ["zstd", "br", "gzip"] as const;

export const REDIRECT: Schema<HandlerConfig> = forms(
  made(scalar(REDIRECT_TO), ({ value }): HandlerConfig => ({ type: "redirect", to: value, status: "302" })),
  object(
    "redirect",
    { doc: "An answer that sends the client elsewhere." },
    {
      to: field(scalar(REDIRECT_TO), { doc: "Where to: a URL or a path, with placeholders", absent: "required" }),
      status: field(scalar(REDIRECT_STATUS), { doc: "Status of the answer, 3xx", absent: { default: "302" } }),
    },
    ({ values: { to, status } }): HandlerConfig | undefined =>
      to && { type: "redirect", to: to.value, status: status?.value ?? "302" },
  ),
);

const REPLACE_ITEM: Schema<HandlerConfig> = object(
  "replacement in the target",
  {
    doc: "A replacement in the path and query (find), or in the path alone (regexp).",
    exclusive: [{ keys: ["find", "regexp"] }],
    anyOf: ["find", "regexp"],
  },
  {
    find: field(scalar(TEXT), { doc: "Text that is looked for in path and query", absent: { words: "regexp is" } }),
    regexp: field(scalar(REGEXP), {
      doc: "Regular expression, as JavaScript has them, that is looked for in the path",
      absent: { words: "find is" },
    }),
    with: field(scalar(REPLACEMENT), { doc: "What takes its place; `$1` is a group of regexp", absent: "required" }),
    limit: field(scalar(count(0, 1_000_000)), {
      doc: "How many are replaced at most; 0 is all",
      absent: { default: "0" },
      needs: "find",
    }),
  },
  ({ values: { find, regexp, with: replacement, limit } }): HandlerConfig | undefined => {
    if (replacement === undefined) return undefined;
    if (regexp !== undefined) return { type: "replace_regexp", regexp: regexp.value, with: replacement.value };
    return find && { type: "replace", find: find.value, with: replacement.value, limit: limit?.value ?? 0 };
  },
);

export const REPLACE: Schema<readonly HandlerConfig[]> = oneOrMany(REPLACE_ITEM);

export const BASIC_AUTH: Schema<BasicAuthConfig> = object(
  "basic auth",
  { doc: "Asks for a name and a password (RFC 7617)." },
  {
    realm: field(scalar(REALM), {
      doc: "What the browser shows beside the question",
      absent: { default: "restricted" },
    }),
    users: field(map(USER_NAME, readSecret(PASSWORD_HASH)), {
      doc: "Users, each with the bcrypt hash of the password, or the file that holds it",
      absent: "required",
    }),
  },
  ({ values: { realm, users } }): BasicAuthConfig | undefined =>
    users && {
      type: "basic_auth",
      realm: realm?.value ?? "restricted",
      users: users.map(({ key, value }) => ({ name: key, hash: value })),
    },
);

const FORMATS = made(oneOrMany(scalar(ENCODING)), (given) => [...new Set(given.map((each) => each.value))]);

function encode(formats: EncodeConfig["formats"]): EncodeConfig {
  return { type: "encode", formats, minimumBytes: MINIMUM_LENGTH, gzipLevel: GZIP_LEVEL, contentTypes: undefined };
}

export const ENCODE: Schema<EncodeConfig> = forms(
  made(FORMATS, encode),
  object(
    "encode",
    { doc: "Compression of answers. Event streams and what is encoded already stay as they are." },
    {
      formats: field(FORMATS, {
        doc: "Encodings, in order of preference where the client has none",
        absent: { words: "[zstd, br, gzip]" },
      }),
      minimum_length: field(scalar(SIZE), {
        doc: "Answers known to be smaller stay as they are",
        absent: { default: String(MINIMUM_LENGTH) },
      }),
      gzip_level: field(scalar(count(1, 9)), { doc: "Level of gzip", absent: { default: String(GZIP_LEVEL) } }),
      content_types: field(oneOrMany(scalar(CONTENT_TYPE)), {
        doc: "Content types that are compressed; `*` at the end is anything",
        absent: { words: "Caddy's list: text, JSON, JavaScript, XML, fonts, SVG, Wasm and their like" },
      }),
    },
    ({ values }): EncodeConfig => ({
      ...encode(values.formats ?? ALL_FORMATS),
      ...(values.minimum_length !== undefined && { minimumBytes: values.minimum_length.value }),
      ...(values.gzip_level !== undefined && { gzipLevel: values.gzip_level.value }),
      ...(values.content_types !== undefined && { contentTypes: values.content_types.map((each) => each.value) }),
    }),
  ),
);

export const ERROR: Schema<HandlerConfig> = forms(
  made(scalar(ERROR_STATUS), ({ value }): HandlerConfig => ({ type: "error", status: value, message: "" })),
  object(
    "error",
    { doc: "Fails the request with a status, as if something had gone wrong." },
    {
      status: field(scalar(ERROR_STATUS), { doc: "Status of the answer, 4xx or 5xx", absent: { default: "500" } }),
      message: field(scalar(TEMPLATE), { doc: "What the log says", absent: { words: "nothing" } }),
    },
    ({ values: { status, message } }): HandlerConfig => {
      return { type: "error", status: status?.value ?? "500", message: message?.value ?? "" };
    },
  ),
);

/** Statuses whose answers have no body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["204", "205", "304"]);

const RESPOND_KEYS = object(
  "respond",
  {
    doc: "A fixed answer.",
    exclusive: [{ keys: ["body", "file"], why: "an answer has one body" }],
  },
  {
    status: field(scalar(ANSWER_STATUS), {
      doc: "Status of the answer",
      absent: { words: "200; in errors, that of the failure" },
    }),
    body: field(scalar(TEMPLATE), { doc: "Body of the answer, with placeholders", absent: { words: "none" } }),
    file: field(scalar(FILE), {
      doc: "File that is the body, read at the start and at each reload, at most 1 MiB; sent as it is",
      absent: { words: "none" },
    }),
    content_type: field(scalar(ANSWER_TYPE), {
      doc: "Content type of the file",
      absent: { words: "by the file's extension" },
      needs: "file",
    }),
    close: field(scalar(SWITCH), { doc: "Close the connection afterwards", absent: { default: "false" } }),
  },
  (filled): HandlerDraft => {
    const { status, body, file, content_type: type } = filled.values;
    const close = filled.values.close?.value ?? false;
    for (const [key, given] of [["body", body?.value] as const, ["file", file?.value] as const]) {
      if (status !== undefined && (given ?? "") !== "" && WITHOUT_BODY.has(status.value)) {
        filled.report(key, `an answer of status ${status.value} has no body`, {
          expected: "another status, or no body",
        });
      }
    }
    if (file === undefined) return { type: "respond", status: status?.value ?? "", body: body?.value ?? "", close };
    return { type: "respond_file", status: status?.value ?? "", file, contentType: type?.value, close };
  },
);

const RESPOND_STATUS = made(scalar(ANSWER_STATUS), ({ value }): HandlerDraft => ({
  type: "respond",
  status: value,
  body: "",
  close: false,
}));
const RESPOND_BODY = made(scalar(TEMPLATE), ({ value }): HandlerDraft => ({
  type: "respond",
  status: "",
  body: value,
  close: false,
}));
const RESPOND_FORMS = forms(RESPOND_STATUS, RESPOND_BODY, RESPOND_KEYS);

/** A number alone is a status, a text is a body. */
export const RESPOND: Schema<HandlerDraft> = {
  shape: RESPOND_FORMS.shape,
  read: (node, site) => {
    if (node.type === "number" || (node.type === "word" && /^\d{3}$/.test(node.text))) {
      return RESPOND_STATUS.read(node, site);
    }
    return node.type === "text" || node.type === "word"
      ? RESPOND_BODY.read(node, site)
      : RESPOND_FORMS.read(node, site);
  },
};
