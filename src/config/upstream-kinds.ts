import { accept, refuse, type Parsed } from "../core/parsed.ts";
import { kind, oneOf } from "./kinds.ts";

/** The policies of which the name alone says everything. */
export const PLAIN_POLICIES = [
  "round_robin",
  "random",
  "random_choose",
  "least_conn",
  "first",
  "ip_hash",
  "client_ip_hash",
  "uri_hash",
] as const;

const WITH_KEYS = ["weighted_round_robin", "header", "query", "cookie"];
const PLAIN = oneOf("POLICY", PLAIN_POLICIES);

/** A policy by its name. */
export const PLAIN_POLICY = {
  ...PLAIN,
  parse: (text: string) =>
    WITH_KEYS.includes(text)
      ? refuse(`${text} needs more than its name, which a route of a file can say`)
      : PLAIN.parse(text),
};

/** A status, or all of its hundred. */
export const STATUS_PATTERN = kind(
  "STATUS",
  "text_or_number",
  ["a status such as 200, or all of a kind, such as 2xx", "2xx"],
  (text): Parsed<number> => {
    if (/^[1-5]xx$/i.test(text)) return accept(Number(text[0]));
    if (/^[1-5]$/.test(text)) return refuse("one digit is no status", `${text}xx`);
    return /^[1-5]\d\d$/.test(text) ? accept(Number(text)) : refuse("this is no status");
  },
);

/** What is asked of an upstream to see whether it works. */
export const HEALTH_URI = kind(
  "TARGET",
  "text",
  ["a path, with a query or without, such as /health", "/health"],
  (text): Parsed<string> => {
    if (/[\s#]/.test(text)) return refuse("a path has no spaces and no #");
    return text.startsWith("/") ? accept(text) : refuse("it does not start with /", `/${text}`);
  },
);

/** Where names are asked for. */
export const RESOLVER = kind(
  "ADDR",
  "text",
  ["the address of a DNS server, such as 127.0.0.1:53 or [::1]:53", "127.0.0.1:53"],
  (text): Parsed<string> => {
    const isAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\]|[\da-f:]*:[\da-f:.]+)(?::\d{1,5})?$/i.test(text);
    return isAddress ? accept(text) : refuse("this is no IP address, with a port or without");
  },
);
