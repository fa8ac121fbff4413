import type { PeerDelta } from "./peer-meter.ts";
import type { MeterDelta } from "./worker-meter.ts";

/**
 * What one worker tells about once a second: what it counted since the last time, and how it is now. A worker that is
 * killed takes what it counted since with it; all else is with the supervisor already.
 */
export interface Telling {
  readonly counts: MeterDelta;
  /** Those with attempts that ended. */
  readonly peers: readonly PeerDelta[];
  /** WebSocket messages from clients and to them, since the last time. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Lines of access logs that were dropped since the last time. */
  readonly droppedLines: number;
  /** Of its process, since the last time. */
  readonly cpuMs: number;
  readonly now: WorkerGauges;
}

export interface WorkerGauges {
  /** Requests; WebSockets are not among them. */
  readonly inFlight: number;
  readonly webSocketsOpen: number;
  readonly rssBytes: number;
  /** Undefined where it was not asked for: counting them takes long where they are many. */
  readonly openFds: number | undefined;
}
