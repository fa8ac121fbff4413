import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { kind, oneOf } from "../kinds.ts";

/** The policies that need nothing beside their name. */
export const POLICY_WORDS = [
  "round_robin",
  "weighted_round_robin",
  "random",
  "random_choose",
  "least_conn",
  "first",
  "ip_hash",
  "client_ip_hash",
  "uri_hash",
] as const;

export const POLICY = oneOf("POLICY", POLICY_WORDS);

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

/** RFC 6265 4.1.1: what a cookie may be called. */
export const COOKIE_NAME = kind("NAME", "text", ["a cookie's name, such as lb", "lb"], (text): Parsed<string> => {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text) ? accept(text) : refuse("this is no name of a cookie");
});

/** A key for HMAC. */
export const COOKIE_SECRET = kind(
  "SECRET",
  "text",
  ["a text that nobody can guess", "a long text that nobody can guess"],
  accept<string>,
  { isSecret: true, mayBeEmpty: true },
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

/** A name that is looked up. */
export const DNS_NAME = kind(
  "NAME",
  "text",
  ["a name to look up, such as app.internal", "app.internal"],
  (text): Parsed<string> => {
    return /^[\w-]+(?:\.[\w-]+)*\.?$/.test(text) ? accept(text) : refuse("this is no name that can be looked up");
  },
);
