import type { Log } from "../observe/log.ts";
import { WorkerMeter } from "../observe/metrics/worker-meter.ts";
import { AccessLogs } from "../proxy/access-logs.ts";
import { BufferBudget } from "../proxy/budget.ts";
import { ConnectionCounts } from "../proxy/connection-limits.ts";
import { PasswordChecks } from "../proxy/handlers/password-checks.ts";
import { Lanes } from "../proxy/lanes.ts";
import { Maintenance } from "../proxy/maintenance.ts";
import { OpenStreams } from "../proxy/open-streams.ts";
import { WebSocketProxy } from "../proxy/websocket-proxy.ts";
import { Names } from "../upstream/names/names.ts";
import type { DownPeer } from "../upstream/health/checker.ts";
import { Peers } from "../upstream/peers.ts";

/** Answers being gathered may hold this much together in one worker; past it they are streamed. */
const RESPONSE_BUFFER_TOTAL_BYTES = 64 * 1024 * 1024;

/** The part of a worker in active health checks: one of all looks, however many there are. */
export interface Probing {
  readonly isProber: boolean;
  /** The peers that are known to be down before it looks, or is told. */
  readonly down: readonly DownPeer[];
  /** Told of all that are down: at the start, and with each change that it finds. */
  readonly onVerdicts: ((down: readonly DownPeer[]) => void) | undefined;
}

const PROBING_ALONE: Probing = { isProber: true, down: [], onVerdicts: undefined };

/** What a worker has over all its configurations: peers and the connections to them, and what is open. */
export class Service implements AsyncDisposable {
  readonly log: Log;
  readonly peers = new Peers();
  readonly names: Names;
  /** Whether this worker looks at peers, and who is told what it finds; another one tells it otherwise. */
  readonly probing: Probing;
  readonly lanes = new Lanes();
  readonly budget = new BufferBudget(RESPONSE_BUFFER_TOTAL_BYTES);
  readonly streams = new OpenStreams();
  readonly accessLogs: AccessLogs;
  readonly passwords = new PasswordChecks();
  readonly maintenance = new Maintenance();
  readonly connections = new ConnectionCounts();
  readonly webSockets: WebSocketProxy;
  readonly meter = new WorkerMeter();

  constructor(log: Log, probing: Probing = PROBING_ALONE) {
    this.log = log;
    this.probing = probing;
    this.names = new Names(log);
    this.accessLogs = new AccessLogs(log);
    this.webSockets = new WebSocketProxy(this.streams, log);
  }

  /** Ends what is open at once; resolves when the access logs are written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.streams[Symbol.dispose]();
    this.webSockets[Symbol.dispose]();
    this.names[Symbol.dispose]();
    this.lanes[Symbol.dispose]();
    await this.accessLogs[Symbol.asyncDispose]();
  }
}
