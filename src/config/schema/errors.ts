import type { ErrorRoutesDraft, HandlerDraft, RouteDraft } from "./draft.ts";
import { REDIRECT, RESPOND } from "./actions.ts";
import { ANSWER_FIELD_EDITS } from "./edits.ts";
import { field, object } from "./object.ts";
import { STATUS_PATTERN } from "../upstream-kinds.ts";
import { ROUTES } from "./route.ts";
import { scalar } from "./scalar.ts";
import { lazy, oneOrMany, type Schema } from "./schema.ts";

const ERROR: Schema<ErrorRoutesDraft> = object(
  "failure",
  {
    doc: "What is answered when a request fails: no upstream, none that answers, error, a wrong password. What an upstream answers is no failure. Without a status of its own the answer has that of the failure.",
    exclusive: [{ keys: ["respond", "redirect", "routes"], why: "only one of them can answer" }],
    anyOf: ["respond", "redirect", "routes"],
  },
  {
    status: field(oneOrMany(scalar(STATUS_PATTERN)), {
      doc: "Failures of which status: 503, 5xx, or a list",
      absent: { words: "every failure" },
    }),
    header: field(ANSWER_FIELD_EDITS, { doc: "Edit the header fields of the answer", absent: { words: "none" } }),
    redirect: field(REDIRECT, { doc: "Send the client elsewhere", absent: { words: "none" } }),
    respond: field(RESPOND, { doc: "Answer: a text alone, or keys, a file among them", absent: { words: "none" } }),
    routes: field(
      lazy(() => ROUTES),
      {
        doc: "Routes, of which one may answer; {err.status_code} and {err.message} have a value in them",
        absent: { words: "none" },
      },
    ),
  },
  ({ values, site, place }) => {
    const { status = [], header, redirect, respond, routes } = values;
    const handlers: HandlerDraft[] = [];
    if (header !== undefined) handlers.push({ type: "header", ...header });
    for (const each of [redirect, respond]) if (each !== undefined) handlers.push(each as HandlerDraft);
    if (routes !== undefined) handlers.push({ type: "routes", routes });
    const route: RouteDraft = { path: site.path, place, name: undefined, match: [], handlers, terminal: false };
    const only = routes !== undefined && header === undefined ? routes : [route];
    return { statuses: status.map(({ value }) => value), routes: only };
  },
);

/** Answers for failures, one or a list. */
export const ERRORS: Schema<readonly ErrorRoutesDraft[]> = oneOrMany(ERROR);
