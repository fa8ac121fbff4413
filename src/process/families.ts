import type { LiveCertificate } from "../observe/live.ts";
import type { Family, Sample } from "../observe/metrics/exposition.ts";
import { sum, type Tally } from "../observe/metrics/tally.ts";
import type { RouteTotal } from "../observe/metrics/totals.ts";
import type { PeerStatus } from "../upstream/peer-status.ts";
import type { PastReloads } from "./past-reloads.ts";
import type { WorkerStatus } from "./worker-slot.ts";

/** What the supervisor's own process uses. */
export interface OwnUse {
  readonly rssBytes: number;
  readonly cpuMs: number;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export interface MetricsFacts {
  readonly tally: Tally;
  readonly peers: readonly PeerStatus[];
  readonly workers: readonly WorkerStatus[];
  readonly reloads: PastReloads;
  readonly certificates: readonly LiveCertificate[];
  readonly build: Readonly<Record<"version" | "bun", string>>;
  readonly own: OwnUse;
}

/** Everything that is told to Prometheus; names and labels stand here alone. */
export function families(facts: MetricsFacts): readonly Family[] {
  return [
    { name: "gatekeeper_build", type: "info", help: "What runs.", samples: [{ labels: { ...facts.build }, value: 1 }] },
    ...requestFamilies(facts),
    ...upstreamFamilies(facts),
    ...processFamilies(facts),
  ];
}

function requestFamilies({ tally }: MetricsFacts): readonly Family[] {
  const routes = [...tally.routes.values()];
  const gauges = [...tally.gauges.values()];
  const direction = (name: string, value: number): Sample => ({ labels: { direction: name }, value });
  return [
    {
      name: "gatekeeper_requests",
      type: "counter",
      help: "Requests that ended, by configured host, route and status; 101 is a WebSocket that was closed.",
      samples: routes.flatMap(statusSamples),
    },
    {
      name: "gatekeeper_requests_in_flight",
      type: "gauge",
      help: "Requests under way; open WebSockets are not among them.",
      samples: [plain(sum(gauges.map(({ inFlight }) => inFlight)))],
    },
    {
      name: "gatekeeper_request_duration_seconds",
      type: "histogram",
      unit: "seconds",
      help: "From a request to the end of its answer, by route; WebSockets and event streams are not among them.",
      samples: routes.map(({ key: route, durations }) => ({ labels: { route }, of: durations })),
    },
    {
      name: "gatekeeper_response_size_bytes",
      type: "histogram",
      unit: "bytes",
      help: "Bytes of bodies that were sent to clients, by route.",
      samples: routes.map(({ key: route, sizes }) => ({ labels: { route }, of: sizes })),
    },
    {
      name: "gatekeeper_request_body_bytes",
      type: "counter",
      help: "Bytes of bodies that came from clients, by route.",
      samples: routes.map(({ key: route, bytesReceived }) => ({ labels: { route }, value: bytesReceived })),
    },
    {
      name: "gatekeeper_errors",
      type: "counter",
      help: "Requests that failed, by reason: the word that stands in the log and in Proxy-Status.",
      samples: [...tally.errors].map(([reason, value]) => ({ labels: { reason }, value })),
    },
    {
      name: "gatekeeper_websockets_open",
      type: "gauge",
      help: "WebSockets that are open.",
      samples: [plain(sum(gauges.map(({ webSocketsOpen }) => webSocketsOpen)))],
    },
    {
      name: "gatekeeper_websocket_messages",
      type: "counter",
      help: "WebSocket messages from clients (received) and to them (sent).",
      samples: [direction("received", tally.messagesReceived), direction("sent", tally.messagesSent)],
    },
  ];
}

function statusSamples({ key: route, statuses }: RouteTotal): readonly Sample[] {
  return [...statuses].flatMap(([host, byStatus]) =>
    [...byStatus].map(([code, value]) => ({ labels: { host, route, code: String(code) }, value })),
  );
}

function upstreamFamilies({ tally, peers }: MetricsFacts): readonly Family[] {
  const totals = peers.flatMap(({ name }) => tally.peers.get(name) ?? []);
  const ofPeers = (value: (peer: PeerStatus) => number): readonly Sample[] =>
    peers.map((peer) => ({ labels: { upstream: peer.name }, value: value(peer) }));
  return [
    {
      name: "gatekeeper_upstream_healthy",
      type: "gauge",
      help: "Whether active checks find an upstream up, 1 or 0; 1 where there are none.",
      samples: ofPeers(({ isUp }) => (isUp ? 1 : 0)),
    },
    {
      name: "gatekeeper_upstream_requests_in_flight",
      type: "gauge",
      help: "Requests and WebSockets on an upstream.",
      samples: ofPeers(({ inFlight }) => inFlight),
    },
    {
      name: "gatekeeper_upstream_requests",
      type: "counter",
      help: "Attempts that ended on an upstream, or came to an answer.",
      samples: ofPeers(({ name }) => tally.peers.get(name)?.requests ?? 0),
    },
    {
      name: "gatekeeper_upstream_failures",
      type: "counter",
      help: "Those of them that failed by the upstream's fault.",
      samples: ofPeers(({ name }) => tally.peers.get(name)?.failures ?? 0),
    },
    {
      name: "gatekeeper_upstream_latency_seconds",
      type: "histogram",
      unit: "seconds",
      help: "From the beginning of an attempt to the head of its answer, by upstream.",
      samples: totals.map(({ name: upstream, latency }) => ({ labels: { upstream }, of: latency })),
    },
    {
      name: "gatekeeper_upstream_retries",
      type: "counter",
      help: "Attempts beside the first of a request, by route.",
      samples: [...tally.routes.values()].map(({ key: route, retries }) => ({ labels: { route }, value: retries })),
    },
  ];
}

function processFamilies({ tally, workers, reloads, certificates, own }: MetricsFacts): readonly Family[] {
  const result = (name: string, value: number): Sample => ({ labels: { result: name }, value });
  const ofWorkers = (value: (worker: WorkerStatus) => number | undefined): readonly Sample[] =>
    workers.flatMap((status) => sampleOf({ worker: String(status.worker) }, value(status)));
  return [
    {
      name: "gatekeeper_config_reloads",
      type: "counter",
      help: "Reloads of the configuration; after a failure the old one stays.",
      samples: [result("success", reloads.done), result("failure", reloads.refused)],
    },
    {
      name: "gatekeeper_worker_up",
      type: "gauge",
      help: "Whether a worker serves, 1 or 0.",
      samples: ofWorkers(({ isServing }) => (isServing ? 1 : 0)),
    },
    {
      name: "gatekeeper_worker_restarts",
      type: "counter",
      help: "Workers that took the place of one that ended.",
      samples: ofWorkers(({ restarts }) => restarts),
    },
    {
      name: "gatekeeper_worker_resident_memory_bytes",
      type: "gauge",
      help: "Memory of a worker's process.",
      samples: ofWorkers(({ worker }) => tally.gauges.get(worker)?.rssBytes),
    },
    {
      name: "gatekeeper_worker_cpu_seconds",
      type: "counter",
      help: "Processor time of a worker's process, those that it replaced included.",
      samples: ofWorkers(({ worker }) => (tally.cpuMs.get(worker) ?? 0) / 1_000),
    },
    {
      name: "gatekeeper_worker_open_fds",
      type: "gauge",
      help: "Files and connections that a worker's process has open.",
      samples: ofWorkers(({ worker }) => tally.gauges.get(worker)?.openFds),
    },
    {
      name: "gatekeeper_access_log_dropped_lines",
      type: "counter",
      help: "Lines of access logs that were lost because an output was too slow.",
      samples: [plain(tally.droppedLines)],
    },
    {
      name: "gatekeeper_certificate_expiry_timestamp_seconds",
      type: "gauge",
      help: "When a certificate is valid no longer, in seconds since 1970.",
      samples: certificates.map(({ file, names: [name = ""], notAfter }) => ({
        labels: { file, name },
        value: notAfter / 1_000,
      })),
    },
    ...ownFamilies(own),
  ];
}

/** Under the names that Prometheus' own clients use: of the supervisor's process, which is the only one with one worker. */
function ownFamilies({ rssBytes, cpuMs, openFds, maxFds, startedAt }: OwnUse): readonly Family[] {
  return [
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Memory of the process.",
      samples: [plain(rssBytes)],
    },
    { name: "process_cpu_seconds", type: "counter", help: "Its processor time.", samples: [plain(cpuMs / 1_000)] },
    {
      name: "process_open_fds",
      type: "gauge",
      help: "Files and connections that it has open.",
      samples: sampleOf({}, openFds),
    },
    { name: "process_max_fds", type: "gauge", help: "How many it may have.", samples: sampleOf({}, maxFds) },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "When it began, in seconds since 1970.",
      samples: [plain(startedAt / 1_000)],
    },
  ];
}

function plain(value: number): Sample {
  return { labels: {}, value };
}

function sampleOf(labels: Sample["labels"], value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
