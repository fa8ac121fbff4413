import { readdirSync, statSync } from "node:fs";
import { isOutOfFiles, lowestFreeFile } from "../core/free-file.ts";
import type { Log } from "../observe/log.ts";
import type { SocketName } from "../server/accept-gate.ts";
import { KeptFiles } from "./kept-files.ts";

/** What takes connections, as far as the watch knows it. */
export interface Accepting {
  readonly socketName: SocketName;
  /** Requests and WebSockets. */
  readonly open: number;
  closeIdle(): number;
}

/** Stops and goes on taking connections. */
export interface Gate extends Disposable {
  readonly isClosed: boolean;
  /** To be awaited before it is closed. */
  prepare(): Promise<void>;
  /** False where it stays open. */
  close(names: readonly SocketName[]): boolean;
  open(): void;
}

export interface WatchOptions {
  /** Of open files. */
  readonly limit: number;
  readonly gate: Gate;
  readonly listeners: () => readonly Accepting[];
  readonly log: Log;
}

/** How often it looks while less than half is in use, and while more is. */
const CALM_MS = 250;
const BUSY_MS = 50;
/** What is kept for connections to upstreams, and for files: this part, within these bounds. */
const RESERVED_PART = 1 / 8;
const LEAST_RESERVED = 16;
/** Twice as many as Bun takes in one go (its backlog is 512). */
const MOST_RESERVED = 1024;
/** Idle connections are closed no oftener, and the log is told no oftener. */
const CLOSE_IDLE_EVERY_MS = 250;
const TELL_EVERY_MS = 60_000;

/** How many files are kept for other things than clients. */
export function reservedOf(limit: number): number {
  return Math.min(MOST_RESERVED, Math.max(LEAST_RESERVED, Math.floor(limit * RESERVED_PART)));
}

/** Connections are let wait when so many are left beside what is kept: a moment before there is none. */
function marginOf(reserved: number): number {
  return Math.ceil(reserved / 4);
}

/**
 * Whether connections that wait may be taken again. Some room beyond the reserve and its margin keeps it from going to and
 * fro; where nothing is open at all, what is missing may be held by who does not give it back soon, idle connections to
 * upstreams, and any room beyond the least reserve will do.
 */
export function mayOpen(free: number, reserved: number, open: number): boolean {
  return free >= (open === 0 ? LEAST_RESERVED + 2 : reserved + 2 * marginOf(reserved));
}

/**
 * Keeps a worker from running out of files: near its limit new connections wait in the kernel, idle ones are closed for
 * them, and what is left of files is for the upstreams of those that are open, and for whatever else opens some. That
 * reserve is kept by files that are open already, since Bun takes all connections that wait in one go, whatever is left.
 * Owns its timer, its gate and those files.
 */
export class OpenFilesWatch implements Disposable {
  readonly #options: WatchOptions;
  readonly #reserved: number;
  readonly #kept = new KeptFiles();
  #timer: Timer | undefined = undefined;
  #isOver = false;
  #closedIdleAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#reserved = reservedOf(options.limit);
    this.#kept.keep(LEAST_RESERVED);
    this.#again(CALM_MS);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.gate[Symbol.dispose]();
    this.#kept[Symbol.dispose]();
  }

  #again(afterMs: number): void {
    if (this.#isOver) return;
    this.#timer = setTimeout(() => void this.#look(), afterMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { gate, limit } = this.#options;
    const lowest = lowestFreeFile() ?? limit;
    const isBusy = lowest * 2 > limit;
    if (gate.isClosed) this.#relieve();
    else if (limit - lowest <= Math.max(this.#reserved - this.#kept.size, marginOf(this.#reserved)))
      await this.#shut(performance.now());
    else this.#keep(isBusy ? this.#reserved : LEAST_RESERVED);
    this.#again(gate.isClosed || isBusy ? BUSY_MS : CALM_MS);
  }

  /** All of the reserve takes some milliseconds: it is taken where the limit is not far any more. */
  #keep(count: number): void {
    const more = count - this.#kept.size;
    if (more < 0 || (more > 0 && this.#free() >= more + 2 * marginOf(this.#reserved))) this.#kept.keep(count);
  }

  async #shut(now: number): Promise<void> {
    const { limit, log } = this.#options;
    await this.#options.gate.prepare();
    if (this.#isOver) return;
    // From here on the event loop does not turn: nobody takes what was kept before the gate is closed.
    this.#kept.keep(0);
    const isShut = this.#close();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const message = isShut
      ? "nearly as many files are open as may be: new connections wait until others have gone"
      : "nearly as many files are open as may be: new connections will not be taken";
    log.warn(message, { limit, open: limit - this.#free() });
  }

  #close(): boolean {
    const { gate, listeners } = this.#options;
    return gate.close(listeners().map(({ socketName }) => socketName));
  }

  #relieve(): void {
    const { gate, listeners } = this.#options;
    const now = performance.now();
    const all = listeners();
    if (now - this.#closedIdleAt >= CLOSE_IDLE_EVERY_MS) {
      this.#closedIdleAt = now;
      for (const listener of all) listener.closeIdle();
    }
    const open = all.reduce((sum, listener) => sum + listener.open, 0);
    if (mayOpen(this.#free(), this.#reserved, open)) {
      this.#kept.keep(LEAST_RESERVED);
      gate.open();
      // A reload may have brought listeners meanwhile.
    } else this.#close();
  }

  #free(): number {
    try {
      // Linux 6.2 and later tells it there; before, one has to count.
      return this.#options.limit - (statSync("/proc/self/fd").size || readdirSync("/proc/self/fd").length);
    } catch (error) {
      if (isOutOfFiles(error)) return 0;
      throw error;
    }
  }
}
