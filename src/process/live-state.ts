import type { Config } from "../config/model.ts";
import type { LivePeer, LiveRoute, LiveState, LiveWebSocket, LiveWorker } from "../observe/live.ts";
import { sum, type Tally } from "../observe/metrics/tally.ts";
import type { RecentFigures } from "../observe/metrics/totals.ts";
import { NO_ROUTE } from "../observe/metrics/worker-meter.ts";
import type { PeerStatus } from "../upstream/peer-status.ts";
import type { ControlState } from "./controls.ts";
import type { PastReloads } from "./past-reloads.ts";
import { routeKeysOf } from "./route-keys.ts";
import type { WorkerStatus } from "./worker-slot.ts";

/** The busiest since the start are told. */
const MOST_ROUTES = 200;
const MOST_WEB_SOCKETS = 100;

/** All that a process knows of itself. */
export interface StateFacts {
  readonly at: number;
  /** By the clock that never goes back. */
  readonly now: number;
  readonly process: Pick<LiveState, "version" | "pid" | "startedAt" | "urls" | "isStopping">;
  readonly mayWrite: boolean;
  readonly config: Config;
  readonly tally: Tally;
  readonly controls: ControlState;
  readonly reloads: PastReloads;
  readonly peers: readonly PeerStatus[];
  readonly webSockets: readonly LiveWebSocket[];
  readonly workers: readonly WorkerStatus[];
  readonly certificates: LiveState["certificates"];
}

/** How everything stands, for people. */
export function liveState(facts: StateFacts): LiveState {
  const { at, tally, controls, reloads } = facts;
  return {
    at,
    ...facts.process,
    mayWrite: facts.mayWrite,
    maintenance: {
      isOn: controls.maintenance.all !== undefined,
      routes: Object.keys(controls.maintenance.routes),
    },
    reload: { count: reloads.done, last: reloads.last },
    peers: facts.peers.map((peer) => livePeer(peer, facts)),
    routes: liveRoutes(facts),
    webSockets: facts.webSockets
      .toSorted((a, b) => b.messagesPerSecond - a.messagesPerSecond)
      .slice(0, MOST_WEB_SOCKETS),
    slowest: tally.recollection.slowest(at),
    failed: tally.recollection.failed,
    workers: facts.workers.map((worker) => liveWorker(worker, facts)),
    certificates: facts.certificates,
  };
}

function livePeer(status: PeerStatus, { tally, now }: StateFacts): LivePeer {
  const { name, upstream, isDraining, inFlight, lastFailure } = status;
  const total = tally.peers.get(name);
  const { p50Ms, p99Ms } = total?.recent(now, tally.since) ?? NO_FIGURES;
  return {
    name,
    upstream,
    ...conditionOf(status),
    isDraining,
    inFlight,
    p50Ms,
    p99Ms,
    requests: total?.requests ?? 0,
    failures: total?.failures ?? 0,
    lastError: lastFailure && { at: lastFailure.at, reason: `${lastFailure.kind}: ${lastFailure.detail}` },
  };
}

function conditionOf(status: PeerStatus): Pick<LivePeer, "state" | "reason" | "since"> {
  const { down, isUp, isDraining, isSuspect, breaker, failures, lastFailure } = status;
  if (!isUp) return { state: "down", reason: down?.reason, since: down?.since };
  if (isDraining) return { state: "draining", reason: "taken out by hand: it gets no new requests", since: undefined };
  if (!isSuspect) return { state: "up", reason: undefined, since: undefined };
  const what = breaker === "open" ? "its breaker is open" : `requests fail on it, ${failures} of late`;
  const last = lastFailure === undefined ? "" : `; the last: ${lastFailure.detail}`;
  return { state: "suspect", reason: what + last, since: lastFailure?.at };
}

function liveRoutes({ tally, config, now }: StateFacts): readonly LiveRoute[] {
  const keys = routeKeysOf(config);
  const all = tally.routes.has(NO_ROUTE) ? [...keys, NO_ROUTE] : keys;
  const routes = all.map((key) => ({ key, total: tally.routes.get(key) }));
  // Else in the order of the configuration.
  const busiest = routes.toSorted((a, b) => (b.total?.requests ?? 0) - (a.total?.requests ?? 0)).slice(0, MOST_ROUTES);
  return busiest.map(({ key, total }) => {
    const figures = total?.recent(now, tally.since) ?? NO_FIGURES;
    return { key, requests: total?.requests ?? 0, errors: total?.failed ?? 0, ...figures };
  });
}

function liveWorker({ worker, pid, isServing, restarts }: WorkerStatus, { tally, process }: StateFacts): LiveWorker {
  const gauges = tally.gauges.get(worker);
  const inFlight = sum([gauges?.inFlight ?? 0, gauges?.webSocketsOpen ?? 0]);
  return { worker, pid: pid ?? process.pid, isServing, restarts, rssBytes: gauges?.rssBytes, inFlight };
}

const NO_FIGURES: RecentFigures = { requestsPerSecond: 0, p50Ms: null, p99Ms: null };
