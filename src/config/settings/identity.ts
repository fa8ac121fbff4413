import { SWITCH } from "../kinds.ts";
import { REQUEST_ID } from "../log-kinds.ts";
import { setting } from "./setting.ts";

const flag = { status: "effective", flag: { group: "Forwarding" } } as const;

/** What tells one request from another, here and behind. */
export const IDENTITY = {
  request_id: setting({
    ...flag,
    kind: REQUEST_ID,
    doc: "Send each request's identifier upstream: on for X-Request-Id, or the name of a field. A trusted proxy's is kept",
    default: "off",
  }),
  request_id_answer: setting({
    kind: SWITCH,
    doc: "Send it to the client as well",
    default: "false",
    status: "effective",
  }),
  trace_context: setting({
    ...flag,
    kind: SWITCH,
    doc: "Take part in traces (W3C traceparent): go on with the client's, or begin one",
    default: "false",
  }),
};
