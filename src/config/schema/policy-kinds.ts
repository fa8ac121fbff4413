import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { kind, oneOf } from "../kinds.ts";
import { PLAIN_POLICIES } from "../upstream-kinds.ts";

/** The policies that need nothing beside their name, or the weights of the upstreams. */
export const POLICY_WORDS = [...PLAIN_POLICIES, "weighted_round_robin"] as const;

export const POLICY = oneOf("POLICY", POLICY_WORDS);

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

/** A name that is looked up. */
export const DNS_NAME = kind(
  "NAME",
  "text",
  ["a name to look up, such as app.internal", "app.internal"],
  (text): Parsed<string> => {
    return /^[\w-]+(?:\.[\w-]+)*\.?$/.test(text) ? accept(text) : refuse("this is no name that can be looked up");
  },
);
