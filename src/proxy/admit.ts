import { ProxyError } from "../core/errors.ts";
import { hasToken, isOrdinaryRequest } from "../core/fields.ts";
import { parseTarget } from "../core/target.ts";
import { Observation, protocolOf } from "./observation.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Downstream } from "./downstream.ts";
import { Session } from "./session.ts";

/** Takes a request apart into its session. What is wrong with it already stands in `session.error`. */
export function admit<Ctx>(request: Request, downstream: Downstream, phases: ProxyHttp<Ctx>): Session<Ctx> {
  const observation = observe(request, downstream, phases);
  const { headers, method } = request;
  const host = headers.get("host");
  const parsed = parseTarget(request.url, host);
  const isOrdinary = isOrdinaryRequest(headers);
  const upgrade = method === "GET" && !isOrdinary ? headers.get("upgrade") : null;
  const facts = {
    target: parsed.type === "ok" ? parsed.target : "/",
    path: parsed.type === "ok" ? parsed.path : "/",
    host: host ?? undefined,
    isOrdinary,
    isUpgrade: upgrade !== null && isWebSocketHandshake(upgrade, headers),
  };
  const session = new Session<Ctx>(request, downstream, facts, phases.newCtx?.() as Ctx);
  session.observation = observation;
  if (method === "CONNECT" || method === "TRACE") {
    // Before the target, which for CONNECT is an authority.
    session.error = new ProxyError("method_not_allowed", `${method} is not forwarded`);
  } else if (parsed.type !== "ok") session.error = new ProxyError(parsed.type, parsed.reason);
  else if (!isOrdinary && (method === "GET" || method === "HEAD") && hasBody(headers)) {
    // Bun.serve gives the handler no body for them (Bun 1.4.5); forwarding them without it would change them.
    session.error = new ProxyError("body_on_get", `a ${method} with a body is not forwarded`);
  } else if (isTooLarge(headers, downstream.maxRequestBodyBytes)) {
    session.error = new ProxyError("payload_too_large", "the body is larger than the configured limit");
  }
  return session;
}

function observe<Ctx>(request: Request, downstream: Downstream, phases: ProxyHttp<Ctx>): Observation | undefined {
  if (phases.isObserved === true) return new Observation(performance.now(), true, protocolOf(request, downstream));
  return phases.isTimed === true ? new Observation(performance.now(), false, undefined) : undefined;
}

function hasBody(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return true;
  const length = headers.get("content-length");
  return length !== null && length !== "0";
}

/** By its length; one of unknown length is counted while it passes, see `prepare`. */
function isTooLarge(headers: Headers, mostBytes: number): boolean {
  return mostBytes > 0 && Number(headers.get("content-length") ?? 0) > mostBytes;
}

function isWebSocketHandshake(upgrade: string, headers: Headers): boolean {
  const connection = headers.get("connection");
  return connection !== null && hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}
