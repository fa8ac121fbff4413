import type { Worker } from "./worker.ts";

/** What one process holds on to, for whoever looks for what is never let go. */
export interface Holdings {
  readonly pid: number;
  /** Requests and WebSockets that are open on its worker's listeners. */
  readonly open: number;
  /** Requests and WebSockets that are counted on its peers. */
  readonly inFlight: number;
  /** Of JavaScript's own heap. */
  readonly heapBytes: number;
  /** Live objects by their class as the engine names it, timers among them (`Timeout`). */
  readonly objects: Readonly<Record<string, number>>;
}

/** Counts after a full collection, which stands in the way of requests for some milliseconds: for rare questions. */
export async function holdingsOf({ open, peers }: Pick<Worker, "open" | "peers">): Promise<Holdings> {
  const { heapStats } = await import("bun:jsc");
  Bun.gc(true);
  const { heapSize, objectTypeCounts } = heapStats();
  const inFlight = peers.reduce((sum, peer) => sum + peer.inFlight, 0);
  return { pid: process.pid, open, inFlight, heapBytes: heapSize, objects: objectTypeCounts };
}
