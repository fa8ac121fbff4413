import { processBytes } from "../bench/memory.ts";
import { processesOf } from "../bench/processes.ts";
import { spreadOf } from "../bench/stats.ts";

/** Memory in the last tenth of the time may be more than in the second one by this part. */
const MOST_GROWTH = 0.1;
/**
 * In a short run it may be more by this much, which is twice the most that was seen. Its second tenth is but seconds after the
 * start, when Bun's heap and compiled code still grow to their size: by 4 to 8 MB a process under this mix.
 */
const SHORT_MS = 5 * 60_000;
const SHORT_GROWTH_BYTES = 16 * 1024 * 1024;

export interface Sample {
  /** Milliseconds since the load began. */
  readonly at: number;
  /** Of each process by its id; shared pages by their part (PSS). */
  readonly bytes: Readonly<Record<number, number>>;
}

/** What came of a process that lived through all of it. */
export interface Growth {
  readonly pid: number;
  /** Medians over the second tenth and over the last one: peaks that pass do not count. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
  readonly mostBytes: number;
  readonly isTooMuch: boolean;
}

/** Looks at the memory of the proxy's processes while they work. */
export class MemoryWatch implements Disposable {
  readonly samples: Sample[] = [];
  readonly #timer: Timer;

  /** @param now milliseconds since the load began */
  constructor(root: number, everyMs: number, now: () => number) {
    this.#timer = setInterval(() => void this.#look(root, now()), everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(root: number, at: number): Promise<void> {
    const pids = await processesOf(root);
    const sizes = await Promise.all(pids.map(async (pid) => [pid, await processBytes(pid)] as const));
    this.samples.push({ at, bytes: Object.fromEntries(sizes) });
  }
}

/** Of the processes that were there from the second tenth to the end: one that came in the place of another is none of them. */
export function growthsOf(samples: readonly Sample[], timeMs: number): readonly Growth[] {
  const between = (from: number, to: number) => samples.filter(({ at }) => at >= from * timeMs && at <= to * timeMs);
  const early = between(0.1, 0.2);
  const late = between(0.9, 1);
  const pids = Object.keys(early[0]?.bytes ?? {}).map(Number);
  return pids
    .filter((pid) => [...early, ...late].every(({ bytes }) => bytes[pid] !== undefined))
    .map((pid) => {
      const earlyBytes = medianOf(early, pid);
      const lateBytes = medianOf(late, pid);
      const most = Math.max(earlyBytes * MOST_GROWTH, timeMs < SHORT_MS ? SHORT_GROWTH_BYTES : 0);
      const mostBytes = Math.max(...samples.map(({ bytes }) => bytes[pid] ?? 0));
      // One that could not be measured has not held.
      return { pid, earlyBytes, lateBytes, mostBytes, isTooMuch: !(lateBytes - earlyBytes <= most) };
    });
}

export function growthText({ pid, earlyBytes, lateBytes, mostBytes }: Growth): string {
  const percent = ((lateBytes / earlyBytes - 1) * 100).toFixed(1);
  const grown = `${megabytes(earlyBytes)} after the first tenth, ${megabytes(lateBytes)} at the end (${percent} %)`;
  return `memory of process ${pid}: ${grown}, ${megabytes(mostBytes)} at most`;
}

function medianOf(samples: readonly Sample[], pid: number): number {
  return spreadOf(samples.map(({ bytes }) => bytes[pid] ?? 0)).median;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
