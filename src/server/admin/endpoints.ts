import { pageAnswer } from "../../page/page.ts";
import type { Awaitable } from "../../proxy/awaitable.ts";
import type { Need } from "./access.ts";
import type { AdminHandlers } from "./admin-handlers.ts";
import { failed, json, outcome } from "./answers.ts";
import { type CommandFields, readCommand, seconds, text, toggle } from "./command-body.ts";
import { METRICS_TYPES, metricsFormat } from "./metrics-format.ts";

/** A request that may be answered. */
export interface Asked {
  readonly request: Request;
  readonly handlers: AdminHandlers;
  /** It came over a unix socket. */
  readonly isLocal: boolean;
  /** A stream of what happens. */
  readonly events: () => Response;
}

type Answering = (asked: Asked) => Awaitable<Response>;

export interface Endpoint {
  /** For people who look for it. */
  readonly doc: string;
  /** What `GET` and `HEAD` need. Default: `read`. */
  readonly need?: Need;
  readonly GET?: Answering;
  readonly POST?: Answering;
}

/** Kinds of commands, which the page gives as well. */
const type = (value: unknown): unknown => (value === "maintenance" || value === "drain" ? value : undefined);

const MAINTENANCE: CommandFields = {
  on: ["on", toggle],
  route: ["route", text],
  retry_after: ["retryAfterSeconds", seconds],
  retryAfterSeconds: ["retryAfterSeconds", seconds],
  type: ["type", type],
};

const DRAIN: CommandFields = { peer: ["peer", text], on: ["on", toggle], type: ["type", type] };

const upstreams: Endpoint = {
  doc: "every upstream, as Caddy tells it",
  GET: async ({ handlers }) => json(await handlers.upstreams()),
};

/** Everything the admin listener answers, by path. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "/": { doc: "the page", GET: () => pageAnswer() },
  "/health": { doc: "200 while the process lives", need: "life", GET: () => json({ status: "ok" }) },
  "/ready": { doc: "200 while it takes requests, else 503", need: "life", GET: ready },
  "/metrics": { doc: "for Prometheus", GET: metrics },
  "/config": { doc: "what is served by, without its secrets", GET: ({ handlers }) => json(handlers.config()) },
  "/reload": { doc: "POST: reloads the configuration", POST: async ({ handlers }) => outcome(await handlers.reload()) },
  "/stop": { doc: "POST: drains, then ends the process", POST: ({ handlers }) => outcome(handlers.stop()) },
  "/maintenance": {
    doc: "what is in maintenance; POST on=true|false, route, retry_after (seconds)",
    GET: async ({ handlers }) => outcome(await handlers.control({ type: "maintenance" })),
    POST: maintenance,
  },
  "/drain": {
    doc: "the peers and how they do; POST peer, on=true|false (default true)",
    GET: async ({ handlers }) => outcome(await handlers.control({ type: "drain", on: true })),
    POST: drain,
  },
  "/upstreams": upstreams,
  "/reverse_proxy/upstreams": upstreams,
  "/connections": {
    doc: "what is open",
    GET: async ({ handlers }) => json(await handlers.connections()),
  },
  "/events": {
    doc: "what happens, as server-sent events; ?exchanges: each request too, or those of route=, status=, slower_than=",
    GET: ({ events }) => events(),
  },
  "/debug/heap": { doc: "a heap snapshot for Chrome's tools, over a unix socket only", GET: heap },
};

function ready({ handlers }: Asked): Response {
  const isReady = handlers.isReady();
  return json({ ready: isReady }, { status: isReady ? 200 : 503 });
}

async function metrics({ handlers, request }: Asked): Promise<Response> {
  const format = metricsFormat(request.headers.get("accept") ?? "");
  const headers = { "Content-Type": METRICS_TYPES[format], Vary: "Accept" };
  return new Response(await handlers.metrics(format), { headers });
}

async function maintenance({ handlers, request }: Asked): Promise<Response> {
  const command = await readCommand(request, MAINTENANCE);
  if (!command.ok) return failed(400, command.fault);
  if (command.value["on"] === undefined) return failed(400, '"on" is missing', { expected: "on=true or on=false" });
  return outcome(await handlers.control({ ...command.value, type: "maintenance" }));
}

async function drain({ handlers, request }: Asked): Promise<Response> {
  const command = await readCommand(request, DRAIN);
  if (!command.ok) return failed(400, command.fault);
  if (command.value["peer"] === undefined) {
    return failed(400, '"peer" is missing', { expected: "peer=ADDRESS, as GET /drain lists them" });
  }
  return outcome(await handlers.control({ on: true, ...command.value, type: "drain" }));
}

/** It holds all that is in memory, secrets and bodies among it. */
function heap({ isLocal, request }: Asked): Response {
  if (!isLocal) return failed(403, "a heap snapshot holds secrets: it is given over a unix socket only");
  const headers = {
    "Content-Type": "application/json",
    "Content-Disposition": `attachment; filename="gatekeeper-${process.pid}.heapsnapshot"`,
  };
  // The process stands still while it is made.
  const snapshot = request.method === "HEAD" ? null : Bun.generateHeapSnapshot("v8", "arraybuffer");
  return new Response(snapshot, { headers });
}
