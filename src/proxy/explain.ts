import { handlerText } from "../config/describe-handler.ts";
import { upstreamsText } from "../config/describe.ts";
import { policyText } from "../config/describe-policy.ts";
import type { HandlerConfig, ListenerConfig, RouteConfig } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";
import { removeLookalikes, removeRequestHopByHop } from "../core/fields.ts";
import { mayClimb } from "../core/target.ts";
import { compileTrustedProxies } from "../core/trust.ts";
import type { Log } from "../observe/log.ts";
import { compileMatch, readsPath } from "../routing/match.ts";
import { Peers } from "../upstream/peers.ts";
import { AccessLogs } from "./access-logs.ts";
import { admit } from "./admit.ts";
import { setForwarded } from "./forwarded.ts";
import { GatewayCtx, type GatewaySession } from "./gateway-ctx.ts";
import { RouteCompiler } from "./handlers/compile.ts";
import { Maintenance } from "./maintenance.ts";
import { PasswordChecks } from "./handlers/password-checks.ts";
import { FORWARD, type Outcome } from "./handlers/handler.ts";
import type { Downstream } from "./downstream.ts";

/** One route that was looked at, and what came of it. */
export interface Step {
  /** 0 for the listener's own routes, 1 for routes within one of them. */
  readonly depth: number;
  readonly route: string;
  /** Why it does not match; undefined where it does. */
  readonly mismatch: string | undefined;
  /** What it did, in words. */
  readonly does: readonly string[];
}

/** What would become of a request. */
export interface Explanation {
  readonly steps: readonly Step[];
  readonly end:
    | { readonly type: "forward"; readonly upstreams: readonly string[]; readonly policy: string }
    | { readonly type: "answer"; readonly status: number; readonly location: string | null }
    | { readonly type: "failure"; readonly status: number; readonly reason: string };
  /** The request line's method and target as they go upstream, and how the fields differ from the client's. */
  readonly upstream: { readonly line: string; readonly changes: readonly string[] } | undefined;
}

/** A request that is only thought of. */
export interface ThoughtRequest {
  readonly request: Request;
  /** The IP it comes from. */
  readonly from: string;
}

/** Goes through a listener's routes with a request, as the gateway does, and notes what it sees. Nothing is sent. */
export async function explain(listener: ListenerConfig, { request, from }: ThoughtRequest): Promise<Explanation> {
  const server = { requestIP: () => ({ address: from, port: 0, family: "IPv4" }), timeout() {} };
  const downstream: Downstream = {
    // Nothing else is asked of the server before an attempt is made.
    server: server as unknown as Bun.Server<unknown>,
    name: "",
    secure: listener.tls.length > 0,
    http2: listener.http2,
    http3: listener.http3,
    idleTimeoutSeconds: 0,
    bodyTimeoutMs: 0,
    maxRequestBodyBytes: listener.maxRequestBodyBytes,
    trusted: compileTrustedProxies(listener.trustedProxies),
    departure: { isNear: false },
  };
  const session: GatewaySession = admit(request, downstream, { newCtx: () => new GatewayCtx() });
  const walk = new Walk(session);
  const outcome = session.error ?? (await walk.list(listener.routes, 0));
  const { route } = session.ctx;
  if (outcome === FORWARD && route !== undefined) {
    const headers = new Headers(session.headers);
    removeRequestHopByHop(headers);
    removeLookalikes(headers);
    setForwarded(headers, session, route.trusts(session));
    session.peer = route.peers[0];
    route.editRequest(headers, session);
    if (session.isUpgrade)
      for (const name of ["connection", "upgrade"]) headers.set(name, request.headers.get(name) ?? "");
    const line = `${session.upstreamMethod ?? session.method} ${session.target}`;
    // Names are not looked up here.
    const { dynamic } = route.config;
    const upstreams = dynamic === undefined ? route.peers.map((peer) => peer.name) : [upstreamsText(route.config)];
    return {
      steps: walk.steps,
      end: { type: "forward", upstreams, policy: policyText(route.config.balance) },
      upstream: { line, changes: changes(request.headers, headers) },
    };
  }
  return { steps: walk.steps, end: endOf(outcome), upstream: undefined };
}

/** No access log is opened here. */
const NO_LOG: Log = { debugEnabled: false, error() {}, warn() {}, info() {}, debug() {} };

class Walk {
  readonly steps: Step[] = [];
  readonly #session: GatewaySession;
  readonly #compiler = new RouteCompiler({
    peers: new Peers(),
    accessLogs: new AccessLogs(NO_LOG),
    passwords: new PasswordChecks(),
    maintenance: new Maintenance(),
  });

  constructor(session: GatewaySession) {
    this.#session = session;
  }

  async list(routes: readonly RouteConfig[], depth: number): Promise<Outcome | undefined> {
    for (const route of routes) {
      if (routes.some(({ match }) => readsPath(match)) && mayClimb(this.#session.path)) {
        return new ProxyError("invalid_target", "the path could be read as another one than the routes see");
      }
      const mismatch = compileMatch(route.match).mismatch(this.#session);
      const does: string[] = [];
      this.steps.push({ depth, route: route.name, mismatch, does });
      if (mismatch !== undefined) continue;
      for (const handler of route.handlers) {
        const outcome = await this.#handle(handler, does, depth);
        if (outcome !== undefined) return outcome;
      }
      if (route.terminal) return undefined;
    }
    return undefined;
  }

  async #handle(handler: HandlerConfig, does: string[], depth: number): Promise<Outcome | undefined> {
    if (handler.type === "routes") return await this.list(handler.routes, depth + 1);
    // A log would be opened, and its file be made.
    const { target } = this.#session;
    const outcome =
      handler.type === "access_log" ? undefined : await this.#compiler.handler(handler, "").handle(this.#session);
    const now = this.#session.target;
    does.push(`${handlerText(handler)}${now === target ? "" : `: ${target} becomes ${now}`}`);
    return outcome;
  }
}

function endOf(outcome: Outcome | undefined): Explanation["end"] {
  if (outcome instanceof ProxyError) return { type: "failure", status: outcome.status, reason: outcome.detail };
  if (outcome instanceof Response) {
    return { type: "answer", status: outcome.status, location: outcome.headers.get("location") };
  }
  return { type: "failure", status: 404, reason: "no route takes this request" };
}

/** How one set of fields differs from another: `+` new, `-` gone, `~` changed. */
function changes(before: Headers, after: Headers): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    if (old === null) return [`+ ${name}: ${now}`];
    return now === null ? [`- ${name}: ${old}`] : [`~ ${name}: ${old} becomes ${now}`];
  });
}
