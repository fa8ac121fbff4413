import { nearest } from "../../core/nearest.ts";
import { PATH_PREFIX, type Kind } from "../kinds.ts";
import type { FieldPattern, FieldRegexp, MatcherConfig, MatcherSet, QueryPattern, RegexpConfig } from "../model.ts";
import {
  FIELD,
  GROUP_NAME,
  HOST_PATTERN,
  METHOD,
  NETWORK,
  PARAMETER,
  PARAMETER_VALUE,
  PATH_GLOB,
  PROTOCOL,
  REGEXP,
  VALUE_PATTERN,
} from "./match-kinds.ts";
import { field, object, type Field } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, lazy, made, map, oneOrMany, type MapEntry, type Schema } from "./schema.ts";

const ANYTHING = { words: "anything" } as const;

function values<T>(kind: Kind<T>): Schema<readonly T[]> {
  return made(oneOrMany(scalar(kind)), (given) => given.map((each) => each.value));
}

const NAMED_REGEXP = object(
  "named regular expression",
  { doc: "A regular expression whose groups can be read as placeholders, `{re.NAME.1}`." },
  {
    name: field(scalar(GROUP_NAME), { doc: "Name of its groups", absent: { words: "the groups are {re.1}" } }),
    pattern: field(scalar(REGEXP), { doc: "The regular expression, as JavaScript has them", absent: "required" }),
  },
  ({ values: { name, pattern } }): RegexpConfig | undefined => pattern && { name: name?.value, pattern: pattern.value },
);

const REGEXP_FORMS: Schema<RegexpConfig> = forms(
  made(scalar(REGEXP), ({ value }): RegexpConfig => ({ name: undefined, pattern: value })),
  NAMED_REGEXP,
);

/** `present` and `absent` are words only when they stand alone. */
const PATTERNS: Schema<FieldPattern["values"]> = forms<FieldPattern["values"]>(
  made(scalar(VALUE_PATTERN), ({ value }) => (value === "present" || value === "absent" ? value : [value])),
  values(VALUE_PATTERN),
);

function fieldsOf<V, T>(entries: readonly MapEntry<string, V>[], make: (field: string, value: V) => T): readonly T[] {
  return entries.map(({ key, value }) => make(key, value));
}

/** Header fields with what they have to be. */
export const FIELD_PATTERNS: Schema<readonly FieldPattern[]> = made(
  map(FIELD, PATTERNS, { anyCase: true }),
  (entries) => fieldsOf(entries, (name, patterns): FieldPattern => ({ field: name, values: patterns })),
);

const MATCHERS: Readonly<Record<string, Field<MatcherConfig>>> = {
  host: field(
    made(values(HOST_PATTERN), (hosts): MatcherConfig => ({ type: "host", hosts })),
    { doc: "Hosts, without port; `*` is one label. One of them has to match", absent: ANYTHING },
  ),
  path: field(
    made(values(PATH_GLOB), (patterns): MatcherConfig => ({ type: "path", patterns })),
    {
      doc: "Paths as Caddy has them: decoded, slashes merged, whatever the case; `*` at an end is anything, within it anything but a slash",
      absent: ANYTHING,
    },
  ),
  cp: field(
    made(scalar(PATH_PREFIX), ({ value }): MatcherConfig => ({ type: "context_path", pattern: value })),
    {
      doc: "Context path, as the flag: `/up` is whole segments, `/up*` a plain prefix, matched as it is sent",
      absent: ANYTHING,
    },
  ),
  path_regexp: field(
    made(REGEXP_FORMS, (regexp): MatcherConfig => ({ type: "path_regexp", regexp })),
    { doc: "A regular expression that the decoded path has to match", absent: ANYTHING },
  ),
  method: field(
    made(values(METHOD), (methods): MatcherConfig => ({ type: "method", methods })),
    { doc: "Methods, of which one has to match", absent: ANYTHING },
  ),
  header: field(
    made(FIELD_PATTERNS, (fields): MatcherConfig => ({ type: "header", fields })),
    {
      doc: "Header fields, each with values of which one has to match, or `present` or `absent`; to match those words themselves give a list",
      absent: ANYTHING,
    },
  ),
  header_regexp: field(
    made(map(FIELD, REGEXP_FORMS, { anyCase: true }), (entries): MatcherConfig => ({
      type: "header_regexp",
      fields: fieldsOf(entries, (name, regexp): FieldRegexp => ({ field: name, regexp })),
    })),
    { doc: "Header fields, each with a regular expression that has to match", absent: ANYTHING },
  ),
  query: field(
    made(map(PARAMETER, values(PARAMETER_VALUE)), (entries): MatcherConfig => ({
      type: "query",
      parameters: fieldsOf(entries, (parameter, each): QueryPattern => ({ parameter, values: each })),
    })),
    { doc: "Parameters of the query, each with values of which one has to match; `*` is any", absent: ANYTHING },
  ),
  remote_ip: field(
    made(values(NETWORK), (ranges): MatcherConfig => ({ type: "remote_ip", ranges: flat(ranges) })),
    { doc: "Networks of which one has to hold the connection's address", absent: ANYTHING },
  ),
  client_ip: field(
    made(values(NETWORK), (ranges): MatcherConfig => ({ type: "client_ip", ranges: flat(ranges) })),
    { doc: "Networks of which one has to hold the client's address, as trusted proxies tell it", absent: ANYTHING },
  ),
  protocol: field(
    made(scalar(PROTOCOL), ({ value }): MatcherConfig => ({ type: "protocol", protocol: value })),
    { doc: "`http` or `https`, or `websocket` for a handshake over either", absent: ANYTHING },
  ),
  not: field(
    made(
      lazy(() => MATCH),
      (sets): MatcherConfig => ({ type: "not", sets }),
    ),
    { doc: "What must not match: a set of conditions, or a list of such sets", absent: { words: "nothing" } },
  ),
};

/** Keys of a match; the route's own object points to them when it meets one. */
export const MATCHER_NAMES: readonly string[] = Object.keys(MATCHERS);

/** What other programs call the matchers. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["hosts", "host"],
  ["domain", "host"],
  ["server_name", "host"],
  ["paths", "path"],
  ["path_prefix", "path"],
  ["prefix", "path"],
  ["uri", "path"],
  ["url", "path"],
  ["location", "path"],
  ["regexp", "path_regexp"],
  ["path_regex", "path_regexp"],
  ["methods", "method"],
  ["headers", "header"],
  ["header_regex", "header_regexp"],
  ["ip", "remote_ip"],
  ["remote_addr", "remote_ip"],
  ["scheme", "protocol"],
]);

const MATCHER_SET: Schema<MatcherSet> = object(
  "matcher",
  {
    doc: "Conditions on a request, all of which have to hold. Where one takes a list, one item of it has to match; a list of one may stand without brackets.",
    anyOf: MATCHER_NAMES,
    nothing: ["there is nothing in it", "a condition such as path: /api/*; without match every request is taken"],
    meant: (key) => ELSEWHERE.get(key.toLowerCase().replaceAll("-", "_")) ?? nearest(key, MATCHER_NAMES),
  },
  MATCHERS,
  (filled) => Object.values(filled.values).filter((each) => each !== undefined),
);

/** The sets of conditions of a route: one, or a list of which one has to match. */
export const MATCH: Schema<readonly MatcherSet[]> = oneOrMany(MATCHER_SET);

function flat(ranges: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(ranges.flat())];
}
