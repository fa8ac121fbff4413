import type { ProxyError } from "../core/errors.ts";
import type { Exchange } from "../observe/live.ts";
import type { WorkerMeter } from "../observe/metrics/worker-meter.ts";
import type { Peer } from "../upstream/peer.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { HostLabels } from "./host-labels.ts";
import { isNobodys } from "./outcomes.ts";
import { bytesReceived } from "./observation.ts";
import { SWITCHING_PROTOCOLS } from "./session.ts";

const SERVER_ERROR = 500;

/** Counts what a gateway's requests come to: a few additions for each, in places that were found when it was compiled. */
export class Metering {
  readonly #meter: WorkerMeter;
  readonly #hosts: HostLabels;

  /** @param hosts those of its routes */
  constructor(meter: WorkerMeter, hosts: ReadonlySet<string>) {
    this.#meter = meter;
    this.#hosts = new HostLabels(hosts, meter);
  }

  /** The head of an answer is there, or a WebSocket is open. */
  onHead({ observation }: GatewaySession, { life }: Peer): void {
    life.meter.onHead(observation?.upstreamLatencyMs);
  }

  /** The same of an attempt to go on with a WebSocket that is held: the time of its first one stays. */
  onHeldHead({ life }: Peer): void {
    life.meter.onHead(undefined);
  }

  /** An attempt failed before anything of it was passed on. */
  onFailure({ ctx, observation, status }: GatewaySession, { life }: Peer, error: ProxyError): void {
    const isPeers = error.side === "upstream";
    // Of a WebSocket that is held, it is the dial.
    const hadHead = observation?.upstreamLatencyMs !== undefined && status !== SWITCHING_PROTOCOLS;
    if (!hadHead) life.meter.onFailure(isPeers);
    else if (isPeers) life.meter.onBroken();
    ctx.isFailureCounted = true;
  }

  /** The exchange is over. */
  onEnd(session: GatewaySession): void {
    const { ctx, error, observation, status, peer } = session;
    const meter = this.#meter;
    const isFailed = status >= SERVER_ERROR || (error !== undefined && error.side !== "downstream");
    const isTimed = observation !== undefined && status !== SWITCHING_PROTOCOLS && !observation.isEventStream;
    const tookMs = isTimed ? observation.elapsedMs() : Number.NaN;
    const { counted } = meter;
    counted.host = this.#hosts.areSome ? this.#hosts.numberOf(session.hostname) : 0;
    counted.status = status;
    counted.isFailed = isFailed;
    counted.tookMs = tookMs;
    // A WebSocket has messages, no body.
    counted.bytesReceived = status === SWITCHING_PROTOCOLS ? 0 : (bytesReceived(session) ?? 0);
    counted.bytesSent = status === SWITCHING_PROTOCOLS ? 0 : session.bytesSent;
    counted.retries = session.attempts > 1 ? session.attempts - 1 : 0;
    meter.ledger.add(ctx.taken?.meter ?? meter.noRoute, counted);
    if (error !== undefined) {
      meter.onError(error.kind);
      if (isBroken(session, error)) peer?.life.meter.onBroken();
    }
    const { exchanges } = meter;
    const isWanted = exchanges.isWatched && exchanges.isWanted({ status, route: ctx.taken?.key, tookMs });
    if (isWanted || exchanges.wants(tookMs, isFailed)) exchanges.keep(exchangeOf(session), tookMs, isFailed);
  }
}

/** The answer had begun, and its peer broke it off. An open WebSocket ends as it likes. */
function isBroken({ ctx, observation, status }: GatewaySession, error: ProxyError): boolean {
  if (error.side !== "upstream" || ctx.isFailureCounted || isNobodys(error)) return false;
  return observation?.upstreamLatencyMs !== undefined && status !== SWITCHING_PROTOCOLS;
}

function exchangeOf(session: GatewaySession): Exchange {
  const { ctx, error, observation } = session;
  return {
    at: Date.now(),
    method: session.method,
    host: session.host ?? "",
    uri: session.originalTarget,
    status: session.status,
    durationMs: observation === undefined ? 0 : observation.elapsedMs(),
    sizeBytes: session.bytesSent,
    clientAddress: session.clientAddress,
    route: ctx.taken?.key,
    peer: session.peer?.name,
    retries: session.attempts > 1 ? session.attempts - 1 : 0,
    requestId: ctx.uuid,
    error: error === undefined ? ctx.refusal : `${error.kind}: ${error.detail}`,
  };
}
