import { nearest } from "../../core/nearest.ts";
import { SIZE, SWITCH, TEXT } from "../kinds.ts";
import { REWRITE, STRIP_PREFIX, STRIP_SUFFIX } from "./action-kinds.ts";
import { ACCESS_LOG } from "./access-log.ts";
import { BASIC_AUTH, ENCODE, ERROR, REDIRECT, REPLACE, RESPOND } from "./actions.ts";
import type { HandlerDraft, RouteDraft } from "./draft.ts";
import { ANSWER_FIELD_EDITS, REQUEST_FIELD_EDITS } from "./edits.ts";
import { ERRORS } from "./errors.ts";
import { COPY_RESPONSE, COPY_RESPONSE_HEADERS } from "./handle-response.ts";
import { MATCH, MATCHER_NAMES } from "./match.ts";
import { field, object } from "./object.ts";
import { PROXY_FIELDS, proxyOf } from "./proxy-fields.ts";
import { scalar } from "./scalar.ts";
import { lazy, list, made, type Schema } from "./schema.ts";

/** Several handlers or one: what a key of a route comes to. */
type Action = readonly HandlerDraft[];

function action<T>(schema: Schema<T>, make: (value: T) => HandlerDraft): Schema<Action> {
  return made(schema, (value) => [make(value)]);
}

/** What a route does, in the order in which it does it (Caddy's order of directives). */
const ACTIONS = {
  access_log: field<Action>(
    action(ACCESS_LOG, (log) => log),
    { doc: "Log the request: an output alone, or keys", absent: { words: "not logged" } },
  ),
  errors: field<Action>(
    action(
      lazy(() => ERRORS),
      (on) => ({ type: "errors", on }),
    ),
    {
      doc: "What is answered when a request fails from here on, in this route and those after it in the list; one or a list, gone through in order",
      absent: { words: "a status with a short text" },
    },
  ),
  header: field<Action>(
    action(ANSWER_FIELD_EDITS, (each) => ({ type: "header", ...each })),
    { doc: "Edit the header fields of the answer", absent: { words: "none" } },
  ),
  copy_response_headers: field<Action>(
    action(
      lazy(() => COPY_RESPONSE_HEADERS),
      (handler) => handler,
    ),
    {
      doc: "In handle_response: fields of the upstream's answer that stand on the one made in its place; a name, a list, or keys",
      absent: { words: "none" },
    },
  ),
  max_request_body: field<Action>(
    action(scalar(SIZE), ({ value }) => ({ type: "max_request_body", bytes: value })),
    { doc: "Largest request body, past it 413; 0 is no limit", absent: { words: "the listener's" } },
  ),
  redirect: field<Action>(
    action(REDIRECT, (handler) => handler as HandlerDraft),
    { doc: "Send the client elsewhere: a target alone (status 302), or keys", absent: { words: "none" } },
  ),
  rewrite: field<Action>(
    action(scalar(REWRITE), ({ value }) => ({ type: "rewrite", to: value })),
    { doc: "Change the path, the query (`?a=b`) or both", absent: { words: "none" } },
  ),
  strip_prefix: field<Action>(
    action(scalar(STRIP_PREFIX), ({ value }) => ({ type: "strip_prefix", prefix: value })),
    { doc: "Take this from the start of the path, in any case", absent: { words: "none" } },
  ),
  strip_suffix: field<Action>(
    action(scalar(STRIP_SUFFIX), ({ value }) => ({ type: "strip_suffix", suffix: value })),
    { doc: "Take this from the end of the path", absent: { words: "none" } },
  ),
  replace: field<Action>(
    made(REPLACE, (handlers) => handlers as Action),
    { doc: "Replace in the target; one or a list", absent: { words: "none" } },
  ),
  basic_auth: field<Action>(
    action(BASIC_AUTH, (auth) => auth),
    { doc: "Ask for a name and a password", absent: { words: "nobody is asked" } },
  ),
  request_header: field<Action>(
    action(REQUEST_FIELD_EDITS, (edits) => ({ type: "request_header", edits })),
    {
      doc: "Edit the header fields of the request, for what comes after and for the upstream",
      absent: { words: "none" },
    },
  ),
  encode: field<Action>(
    action(ENCODE, (encode) => encode),
    { doc: "Compress answers: an encoding, a list of them, or keys", absent: { words: "not compressed" } },
  ),
  routes: field<Action>(
    action(
      lazy(() => ROUTES),
      (routes) => ({ type: "routes", routes }),
    ),
    {
      doc: "Routes within this one; when none of them answers, the search goes on after it",
      absent: { words: "none" },
    },
  ),
  error: field<Action>(
    action(ERROR, (handler) => handler as HandlerDraft),
    { doc: "Fail with a status: a status alone, or keys", absent: { words: "none" } },
  ),
  copy_response: field<Action>(
    action(
      lazy(() => COPY_RESPONSE),
      (handler) => handler,
    ),
    {
      doc: "In handle_response: pass the upstream's answer on, with another status or unchanged",
      absent: { words: "none" },
    },
  ),
  respond: field<Action>(
    action(RESPOND, (handler) => handler as HandlerDraft),
    { doc: "Answer: a status alone, a text alone (status 200), or keys", absent: { words: "none" } },
  ),
} as const;

/** At most one of these may stand in a route: after any of them nothing more happens. */
const ENDINGS = ["redirect", "error", "copy_response", "respond", "upstreams"] as const;

const FIELDS = {
  name: field(scalar(TEXT), {
    doc: "Stands in logs, and tells the route from others across a reload",
    absent: { words: "what it matches" },
  }),
  match: field(MATCH, {
    doc: "Which requests it is for: conditions that all have to hold, or a list of such sets of which one has to",
    absent: { words: "every request" },
  }),
  terminal: field(scalar(SWITCH), {
    doc: "When it matched and nothing in it answered, no further route of this list is looked at",
    absent: { default: "false" },
  }),
  ...ACTIONS,
  ...PROXY_FIELDS,
};

const DOING = [...Object.keys(ACTIONS), "upstreams", "terminal"];

/** What other programs call the keys of a route. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["upstream", "upstreams"],
  ["reverse_proxy", "upstreams"],
  ["dynamic", "upstreams: { a: ... } or { srv: ... }"],
  ["resolver", "resolvers"],
  ["proxy_pass", "upstreams"],
  ["proxy", "upstreams"],
  ["backend", "upstreams"],
  ["backends", "upstreams"],
  ["to", "upstreams"],
  ["forward", "upstreams"],
  ["redir", "redirect"],
  ["return", "respond"],
  ["response", "respond"],
  ["headers", "header"],
  ["gzip", "encode"],
  ["compress", "encode"],
  ["auth", "basic_auth"],
  ["basicauth", "basic_auth"],
  ["policy", "lb_policy"],
  ["handle", "routes"],
  ["handle_errors", "errors"],
  ["error_page", "errors"],
  ["on_error", "errors"],
  ["intercept", "handle_response"],
  ["on_response", "handle_response"],
  ["log", "access_log"],
  ["matchers", "match"],
  ["when", "match"],
]);

const ROUTE: Schema<RouteDraft> = object(
  "route",
  {
    doc: "What to do with which requests. Routes are gone through in order; one that answers or forwards ends the search. What a route does is done in the order of this table, whatever the order of the file.",
    exclusive: [{ keys: ENDINGS, why: "a route ends in one of them" }],
    anyOf: DOING,
    nothing: ["this route does nothing", "upstreams, respond, redirect or another action"],
    fallback: "gatekeeper docs lists the keys of a route",
    meant: meantKey,
  },
  FIELDS,
  (filled) => {
    const { values, site, place } = filled;
    const handlers: HandlerDraft[] = [];
    for (const key of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]) handlers.push(...(values[key] ?? []));
    if (values.upstreams !== undefined) handlers.push({ type: "proxy", proxy: proxyOf(filled) });
    const { name, match = [], terminal } = values;
    return { path: site.path, place, name, match, handlers, terminal: terminal?.value ?? false };
  },
);

/** A list of routes. */
export const ROUTES: Schema<readonly RouteDraft[]> = list(ROUTE, { mayBeEmpty: true });

function meantKey(key: string): string | undefined {
  const plain = key.toLowerCase().replaceAll("-", "_");
  if (Object.hasOwn(FIELDS, plain)) return plain;
  if (MATCHER_NAMES.includes(plain)) return `match: { ${plain}: ... }`;
  return ELSEWHERE.get(plain) ?? nearest(plain, Object.keys(FIELDS));
}
