import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { count, DURATION, kind, oneOf, SIZE, SWITCH } from "../kinds.ts";
import { ACCESS_LOG_DEFAULTS, type AccessLogConfig, ROLLING_DEFAULTS } from "../log-model.ts";
import { ACCESS_LOG_FORMAT, AGE, LOG_OUTPUT } from "../log-kinds.ts";
import { STATUS_PATTERN } from "../upstream-kinds.ts";
import { MATCH } from "./match.ts";
import { FIELD } from "./match-kinds.ts";
import { field, object } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, made, oneOrMany, type Schema } from "./schema.ts";

const MOST_KEPT = 100_000;

/** Caddy's sizes and times of rolling, as they are written. */
const ROLL = { size: "100MiB", keep: String(ROLLING_DEFAULTS.keep), keepFor: "90d" } as const;

const beside = { needs: "output" } as const;

const SHARE = kind("SHARE", "number", ["a share above 0 up to 1, such as 0.1", "0.1"], (text): Parsed<number> => {
  const share = /^(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (share > 0 && share <= 1) return accept(share);
  return share === 0 ? refuse("nothing would be written, which `off` says") : refuse("this is no such share");
});

const PARAMETER = kind(
  "NAME",
  "text",
  ["the name of a query's parameter, such as token", "token"],
  (text): Parsed<string> => (/^[^\s&=?#]+$/.test(text) ? accept(text) : refuse("this is no name of a parameter")),
);

const PART = oneOf("PART", ["request_headers", "resp_headers"]);

/** Where requests are logged to, and how. */
export const ACCESS_LOG: Schema<AccessLogConfig> = forms(
  made(scalar(LOG_OUTPUT), ({ value }): AccessLogConfig => ({ ...ACCESS_LOG_DEFAULTS, output: value })),
  object(
    "access log",
    { doc: "Where requests are logged to, how, and which. A line is written when the exchange is over." },
    {
      output: field(scalar(LOG_OUTPUT), { doc: "`stdout`, `stderr`, `off` or a file", absent: { default: "stdout" } }),
      format: field(scalar(ACCESS_LOG_FORMAT), {
        doc: "`json` as Caddy writes it, `combined` or `common` as nginx and Apache do, or `console` for eyes",
        absent: { default: "json" },
      }),
      redact_headers: field(oneOrMany(scalar(FIELD)), {
        doc: "Header fields whose values are not shown, beside Authorization, Cookie, Proxy-Authorization and Set-Cookie",
        absent: { words: "none" },
      }),
      redact_query: field(oneOrMany(scalar(PARAMETER)), {
        doc: "Parameters of queries whose values are not shown, in targets, Referer and Location",
        absent: { words: "none" },
      }),
      show_credentials: field(scalar(SWITCH), {
        doc: "Show those four fields as they are (Caddy's log_credentials)",
        absent: { default: "false" },
      }),
      omit: field(oneOrMany(scalar(PART)), {
        doc: "Parts of a JSON line that are left out",
        absent: { words: "none" },
      }),
      skip: field(MATCH, {
        doc: "Requests that are not logged: conditions as in a match",
        absent: { words: "none" },
      }),
      status: field(oneOrMany(scalar(STATUS_PATTERN)), {
        doc: "Only answers of these statuses, or as slow as slower_than",
        absent: { words: "every status" },
      }),
      slower_than: field(scalar(DURATION), {
        doc: "Only what took at least so long, or has such a status",
        absent: { default: "0" },
      }),
      sample: field(scalar(SHARE), {
        doc: "Share of the requests that is written; what failed always is",
        absent: { default: "1" },
      }),
      roll_size: field(scalar(SIZE), {
        doc: "A file is put aside before it is larger, as NAME-TIME.EXT; 0 is never",
        absent: { default: ROLL.size },
        ...beside,
      }),
      roll_keep: field(scalar(count(0, MOST_KEPT)), {
        doc: "How many of those are kept; 0 is all",
        absent: { default: ROLL.keep },
        ...beside,
      }),
      roll_keep_for: field(scalar(AGE), {
        doc: "How long they are kept; 0 is for ever",
        absent: { default: ROLL.keepFor },
        ...beside,
      }),
      roll_compress: field(scalar(SWITCH), {
        doc: "Compress them (gzip)",
        absent: { default: "true" },
        ...beside,
      }),
    },
    (filled): AccessLogConfig => {
      const { values } = filled;
      const output = values.output?.value ?? { type: "stdout" };
      const rolling = {
        sizeBytes: values.roll_size?.value ?? ROLLING_DEFAULTS.sizeBytes,
        keep: values.roll_keep?.value ?? ROLLING_DEFAULTS.keep,
        keepForMs: values.roll_keep_for?.value ?? ROLLING_DEFAULTS.keepForMs,
        compresses: values.roll_compress?.value ?? ROLLING_DEFAULTS.compresses,
      };
      const format = values.format?.value ?? "json";
      for (const key of ["roll_size", "roll_keep", "roll_keep_for", "roll_compress"] as const) {
        if (filled.has(key) && output.type !== "file") {
          filled.report(key, `${key} is for a file`, { expected: "output: PATH beside it" });
        }
      }
      if (filled.has("omit") && format !== "json") {
        filled.report("omit", `omit is for the JSON format`, { expected: "format: json" });
      }
      const omitted = (values.omit ?? []).map(({ value }) => value);
      return {
        type: "access_log",
        output: output.type === "file" ? { ...output, rolling } : output,
        format,
        redaction: {
          showsCredentials: values.show_credentials?.value ?? false,
          headers: (values.redact_headers ?? []).map(({ value }) => value.toLowerCase()),
          query: (values.redact_query ?? []).map(({ value }) => value),
        },
        omits: {
          requestHeaders: omitted.includes("request_headers"),
          responseHeaders: omitted.includes("resp_headers"),
        },
        sample: values.sample?.value ?? 1,
        skip: values.skip ?? [],
        statuses: (values.status ?? []).map(({ value }) => value),
        slowerThanMs: values.slower_than?.value ?? 0,
      };
    },
  ),
);
