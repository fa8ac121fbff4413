import type { Peer } from "../upstream/peer.ts";

/** A WebSocket or an event stream that is open. */
export interface OpenStream {
  /** Names the route it came by across reloads (`ProxyRoute.key`). */
  readonly routeKey: string;
  readonly peer: Peer;
  /** The streams of a route that is gone are all told to go within this time. 0 is at once. */
  readonly closeDelayMs: number;
  /** Asks both ends to go, in a way that makes clients come back: 1001 for a WebSocket, a clean end for events. */
  goAway(): void;
}

/** How often one of several that are to go may be told at most. */
const LEAST_STEP_MS = 20;

/** The streams of a worker that may stay open over many configurations. Owns its timer. */
export class OpenStreams implements Disposable {
  readonly #open = new Set<OpenStream>();
  /** Those that are to go, and when, by the clock of `performance.now()`. */
  readonly #leaving = new Map<OpenStream, number>();
  #isGone: ((stream: OpenStream) => boolean) | undefined = undefined;
  #isClosing = false;
  #timer: Timer | undefined = undefined;

  /** Gives what takes it out again, to be called when it is over. */
  add(stream: OpenStream): () => void {
    this.#open.add(stream);
    // It was begun before the reload that took its route away.
    if (this.#isClosing || this.#isGone?.(stream) === true) {
      this.#leaving.set(stream, performance.now() + (this.#isClosing ? 0 : stream.closeDelayMs));
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#tell);
    }
    return () => {
      this.#open.delete(stream);
      this.#leaving.delete(stream);
    };
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many of them have still to be told to go. */
  get leaving(): number {
    return this.#leaving.size;
  }

  /**
   * Tells those that are gone to go, spread evenly over the delay of their route. Called again it changes nothing for
   * those that are on their way already, and lets those stay that are not gone any more and were not told yet. What is
   * opened later by a request from before is held against the same `isGone`.
   *
   * @returns how many are newly on their way
   */
  drainGone(isGone: (stream: OpenStream) => boolean): number {
    this.#isGone = isGone;
    const newly = new Map<string, OpenStream[]>();
    for (const stream of this.#open) {
      if (!isGone(stream)) this.#leaving.delete(stream);
      else if (!this.#leaving.has(stream)) {
        const ofRoute = newly.get(stream.routeKey);
        if (ofRoute === undefined) newly.set(stream.routeKey, [stream]);
        else ofRoute.push(stream);
      }
    }
    const now = performance.now();
    let count = 0;
    for (const streams of newly.values()) {
      count += streams.length;
      streams.forEach((stream, at) => this.#leaving.set(stream, now + (stream.closeDelayMs * at) / streams.length));
    }
    if (count > 0) this.#tell();
    return count;
  }

  /**
   * Tells all of them to go, spread evenly over this time, so that their clients do not all come back at once. Those that
   * a reload has told a time keep it where it is sooner. What is opened later goes at once.
   */
  drainAll(overMs: number): void {
    this.#isClosing = true;
    const now = performance.now();
    let at = 0;
    for (const stream of this.#open) {
      const due = now + (overMs * at++) / this.#open.size;
      this.#leaving.set(stream, Math.min(due, this.#leaving.get(stream) ?? due));
    }
    this.#tell();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isGone = undefined;
    this.#leaving.clear();
  }

  /** Tells those whose time has come, and comes back for the next. */
  readonly #tell = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [stream, at] of this.#leaving) {
      if (at > now) {
        next = Math.min(next, at);
        continue;
      }
      // Taken out of both, so that it is told once, however long it takes to go.
      this.#leaving.delete(stream);
      this.#open.delete(stream);
      stream.goAway();
    }
    if (this.#leaving.size > 0) this.#timer = setTimeout(this.#tell, Math.max(LEAST_STEP_MS, next - now));
  };
}
