import { placeOf, type Span } from "../document.ts";
import { ANSWER_STATUS, COPY_STATUS } from "./action-kinds.ts";
import { REDIRECT, RESPOND } from "./actions.ts";
import type { HandlerDraft, ResponseHandlerDraft, RouteDraft } from "./draft.ts";
import { ANSWER_FIELD_EDITS } from "./edits.ts";
import { FIELD_PATTERNS } from "./match.ts";
import { FIELD } from "./match-kinds.ts";
import { field, object } from "./object.ts";
import { STATUS_PATTERN } from "../upstream-kinds.ts";
import { ROUTES } from "./route.ts";
import { scalar } from "./scalar.ts";
import { forms, lazy, made, oneOrMany, type Schema } from "./schema.ts";
import type { Site } from "./site.ts";

const THENS = ["replace_status", "respond", "redirect", "routes"] as const;

const RESPONSE_HANDLER: Schema<ResponseHandlerDraft> = object(
  "response handler",
  {
    doc: "What is done with answers of the upstreams that have such a status and such fields, in place of passing them on. The first that is for an answer holds.",
    exclusive: [
      { keys: THENS, why: "only one of them can hold" },
      { keys: ["header", "replace_status"], why: "header_down edits an answer that is passed on", at: "header" },
    ],
    anyOf: THENS,
  },
  {
    status: field(oneOrMany(scalar(STATUS_PATTERN)), {
      doc: "Answers of which status: 404, 5xx, or a list",
      absent: { words: "every status" },
    }),
    match_header: field(FIELD_PATTERNS, {
      doc: "Answers with which header fields, as in a match",
      absent: { words: "any" },
    }),
    replace_status: field(scalar(ANSWER_STATUS), {
      doc: "Pass the answer on with this status",
      absent: { words: "its own" },
    }),
    header: field(ANSWER_FIELD_EDITS, {
      doc: "Edit the header fields of the answer made here",
      absent: { words: "none" },
    }),
    redirect: field(REDIRECT, { doc: "Send the client elsewhere", absent: { words: "none" } }),
    respond: field(RESPOND, {
      doc: "Answer in its place: a status or a text alone, or keys, a file among them",
      absent: { words: "none" },
    }),
    routes: field(
      lazy(() => ROUTES),
      {
        doc: "Routes, of which one may answer in its place ({rp.status_code} and {rp.header.NAME} are of it). Where none does, the search goes on; where nothing answers there, it passes",
        absent: { words: "none" },
      },
    ),
  },
  ({ values, site, place }): ResponseHandlerDraft | undefined => {
    const { status = [], match_header: fields = [], replace_status: replaced, header, redirect, respond } = values;
    const when = { statuses: status.map(({ value }) => value), fields };
    if (replaced !== undefined) return { ...when, then: { type: "replace_status", status: replaced.value } };
    const handlers: HandlerDraft[] = [];
    if (header !== undefined) handlers.push({ type: "header", ...header });
    for (const each of [redirect, respond]) if (each !== undefined) handlers.push(each as HandlerDraft);
    const { routes } = values;
    if (routes !== undefined && header === undefined) return { ...when, then: { type: "routes", routes } };
    if (routes !== undefined) handlers.push({ type: "routes", routes });
    const route: RouteDraft = { path: site.path, place, name: undefined, match: [], handlers, terminal: false };
    return { ...when, then: { type: "routes", routes: [route] } };
  },
);

/** What is done with some answers of the upstreams, one or a list. */
export const HANDLE_RESPONSE: Schema<readonly ResponseHandlerDraft[]> = oneOrMany(RESPONSE_HANDLER);

/** Passes the upstream's answer on, with another status or `unchanged`. */
export const COPY_RESPONSE: Schema<HandlerDraft> = made(
  scalar(COPY_STATUS),
  ({ value }, site): HandlerDraft | undefined =>
    isWithin(site, "copy_response") ? { type: "copy_response", status: value } : undefined,
);

const NAMES = made(oneOrMany(scalar(FIELD)), (given) => given.map(({ value }) => value));

/** Fields of the upstream's answer that stand on the one that is made in its place. */
export const COPY_RESPONSE_HEADERS: Schema<HandlerDraft> = made(
  forms<Extract<HandlerDraft, { type: "copy_response_headers" }>>(
    made(NAMES, (fields) => ({ type: "copy_response_headers", fields, except: false })),
    object(
      "copied fields",
      {
        doc: "Fields of the upstream's answer that stand on the one that is made in its place.",
        exclusive: [{ keys: ["include", "exclude"] }],
        anyOf: ["include", "exclude"],
      },
      {
        include: field(NAMES, { doc: "These fields", absent: { words: "none" } }),
        exclude: field(NAMES, { doc: "All but these", absent: { words: "none" } }),
      },
      ({ values: { include, exclude } }) => {
        const fields = include ?? exclude;
        return fields && { type: "copy_response_headers", fields, except: include === undefined };
      },
    ),
  ),
  (handler, site) => (isWithin(site, "copy_response_headers") ? handler : undefined),
);

/** There is an upstream's answer only in the routes that are for one. */
function isWithin(site: Site, key: string): boolean {
  if (!/(?:^|\.)routes\[/.test(site.path) || /\.handle_response[.[]/.test(site.path)) return true;
  const expected = "it among the routes of a handle_response";
  site.decoding.report(placeOf(site.keySpan as Span, site.path), `${key} has no meaning outside of handle_response`, {
    expected,
  });
  return false;
}
