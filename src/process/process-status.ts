import { readFileSync } from "node:fs";
import { mergePeers, type PeerStatus } from "../upstream/peer-status.ts";
import { within } from "./answers.ts";
import type { Ask } from "./messages.ts";
import type { Supervisor, WorkerStatus } from "./supervisor.ts";

/** What a running process says of itself. It is sent as JSON. */
export interface ProcessStatus {
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Where it listens. */
  readonly urls: readonly string[];
  readonly workers: readonly WorkerFacts[];
  /** Of all workers that answer together. */
  readonly peers: readonly PeerStatus[];
  /** It drains: whoever means the one that serves means another. */
  readonly isStopping: boolean;
}

export interface WorkerFacts extends WorkerStatus {
  /** Requests and WebSockets that are open; undefined where it does not answer. */
  readonly open?: number;
  /** Of its process, which with one worker is that of all. */
  readonly rssBytes?: number;
}

/** How long a worker may take to answer. */
const MOST_MS = 1_000;

/** Says how a process does; a worker that does not answer holds it up for a moment only. */
export async function processStatus(
  supervisor: Pick<Supervisor, "workers" | "askEach" | "urls" | "isStopping">,
  version: string,
): Promise<ProcessStatus> {
  const { workers, urls, isStopping } = supervisor;
  const ask = (what: Ask) => Promise.all(supervisor.askEach(what).map((answer) => answer && within(MOST_MS, answer)));
  const [counts, peers] = await Promise.all([ask({ type: "count_open" }), ask({ type: "peers" })]);
  return {
    pid: process.pid,
    version,
    startedAt: Math.round(performance.timeOrigin),
    urls,
    workers: workers.map((each, at) => {
      const answer = counts[at];
      const rssBytes = memoryOf(each.pid ?? (workers.length === 1 ? process.pid : undefined));
      const open = answer?.type === "open" ? answer.count : undefined;
      return { ...each, ...(open !== undefined && { open }), ...(rssBytes !== undefined && { rssBytes }) };
    }),
    peers: mergePeers(peers.flatMap((answer) => (answer?.type === "peers" ? [answer.peers] : []))),
    isStopping,
  };
}

/** Undefined where the system does not say. */
function memoryOf(pid: number | undefined): number | undefined {
  if (pid === process.pid) return process.memoryUsage.rss();
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
