import { isToken } from "../core/fields.ts";
import { nearest } from "../core/nearest.ts";
import { accept, refuse, type Parsed } from "../core/parsed.ts";
import { parseDuration } from "../core/units.ts";
import { DURATION, kind, oneOf } from "./kinds.ts";
import { type AccessLogOutputConfig, ROLLING_DEFAULTS } from "./log-model.ts";

const LOG_WORDS = ["stdout", "stderr", "off"] as const;

/** Where the access log goes. */
export const LOG_OUTPUT = kind(
  "OUTPUT",
  "text",
  ["stdout, stderr, off or the path of a file, such as /var/log/access.log", "/var/log/access.log"],
  (text): Parsed<AccessLogOutputConfig> => {
    const word = LOG_WORDS.find((each) => each === text);
    if (word !== undefined) return accept({ type: word });
    if (text.includes("\0")) return refuse("the path holds a NUL");
    if (text.endsWith("/")) return refuse("a log is a file, not a folder");
    if (text.includes("/")) return accept({ type: "file", path: text, rolling: ROLLING_DEFAULTS });
    return refuse("this is no output, and the path of a file has a / in it", nearest(text, LOG_WORDS) ?? `./${text}`);
  },
);

const ID_FIELD = "X-Request-Id";
/** What says something else already. */
const NOT_FOR_IDS =
  /^(?:host|connection|upgrade|te|trailer|transfer-encoding|keep-alive|content-.*|x-forwarded-.*|traceparent|tracestate|authorization|cookie|set-cookie)$/;

/** The field that has a request's identifier; undefined is none. */
export const REQUEST_ID = kind(
  "FIELD",
  "text",
  ["off, on, or the name of a header field, such as X-Correlation-Id", "on"],
  (text): Parsed<string | undefined> => {
    if (text === "off") return accept(undefined);
    if (text === "on") return accept(ID_FIELD);
    if (!isToken(text)) return refuse("this is no name of a header field", ID_FIELD);
    return NOT_FOR_IDS.test(text.toLowerCase()) ? refuse(`${text} says something else`, ID_FIELD) : accept(text);
  },
);

const LONGEST_AGE_MS = 10_000 * 86_400_000;

/** How old a file may become. */
export const AGE = kind(
  "DUR",
  "text_or_number",
  ["a time with its unit, such as 12h or 90d, or 0", "90d"],
  (text) => parseDuration(text, LONGEST_AGE_MS),
  { pattern: DURATION.pattern ?? "" },
);

export const ACCESS_LOG_FORMAT = oneOf("FORMAT", ["json", "console", "combined", "common"]);
