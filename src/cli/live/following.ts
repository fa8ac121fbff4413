import type { RunningProcess } from "../../process/control-client.ts";
import { type LiveEvent, liveEvents, NotToldError } from "../../process/live-events.ts";

/** So long another process is waited for when the one that is watched has gone. */
const WAIT_MS = 30_000;
const LOOK_MS = 250;

export interface FollowingOptions {
  readonly first: RunningProcess;
  /** Its process id was asked for: no other one is meant. */
  readonly isPinned: boolean;
  readonly query: URLSearchParams;
  /** Whoever watches has enough. */
  readonly end: AbortSignal;
  /** Every process that this user may speak to. */
  readonly find: () => Promise<readonly RunningProcess[]>;
  /** The process has gone; another one is waited for. */
  readonly onLost: (pid: number) => void;
  /** Another one has taken its place. */
  readonly onFound: (pid: number) => void;
}

/**
 * What a running process tells, and after a restart or an upgrade what the next one tells: of one that drains it goes over to
 * the one that serves. Ends when the watcher has enough, or when there is none any more: `gone`.
 */
export async function* following(options: FollowingOptions): AsyncGenerator<LiveEvent, "left" | "gone"> {
  const { query, end, isPinned, onLost, onFound } = options;
  for (let current = options.first; ;) {
    let next: RunningProcess | undefined;
    const here = new AbortController();
    try {
      for await (const event of liveEvents(current, { query, end: AbortSignal.any([end, here.signal]) })) {
        yield event;
        if (isPinned || event.name !== "state" || !event.data.isStopping) continue;
        next = await another(options, current);
        if (next !== undefined) break;
      }
    } catch (error) {
      if (error instanceof NotToldError) throw error;
    } finally {
      here.abort();
    }
    if (end.aborted) return "left";
    if (next === undefined && !isPinned) {
      onLost(current.pid);
      next = await awaited(options, current);
    }
    if (next === undefined) return end.aborted ? "left" : "gone";
    onFound(next.pid);
    current = next;
  }
}

async function awaited(options: FollowingOptions, before: RunningProcess): Promise<RunningProcess | undefined> {
  for (const until = performance.now() + WAIT_MS; performance.now() < until && !options.end.aborted;) {
    const next = await another(options, before);
    if (next !== undefined) return next;
    await Bun.sleep(LOOK_MS);
  }
  return undefined;
}

/** The one that serves in its place: the only one, or the one that listens where it did. */
async function another({ find }: FollowingOptions, before: RunningProcess): Promise<RunningProcess | undefined> {
  const all = (await find()).filter(({ pid, isStopping }) => pid !== before.pid && !isStopping);
  const [only] = all;
  if (all.length <= 1) return only;
  const alike = all.filter(({ urls }) => urls.some((url) => before.urls.includes(url)));
  return alike.length === 1 ? alike[0] : undefined;
}
