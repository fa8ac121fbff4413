import { ptr } from "bun:ffi";
import { openLibc } from "../core/libc.ts";
import { within } from "./answers.ts";
import { NotifySocket } from "./notify-socket.ts";
import type { ReloadReport } from "./reloader.ts";
import type { Supervisor } from "./supervisor.ts";

/** What a service manager has told a process, which a process that takes over is told by it. It can be sent as JSON. */
export interface ServiceFacts {
  readonly socket: string;
  /** It wants a sign of life within so many milliseconds; undefined: none. */
  readonly watchdogMs?: number;
}

/** clock_gettime(2) */
const CLOCK_MONOTONIC = 1;

type Environment = Record<string, string | undefined>;

/**
 * What systemd, or another service manager with its protocol (sd_notify(3)), is told of this process: that it serves, that
 * it reloads, that it ends, and signs of life. Nothing of it can make the process fail.
 */
export class ServiceManager implements Disposable {
  readonly facts: ServiceFacts;
  readonly #socket: NotifySocket;
  #looking: Timer | undefined = undefined;
  #status = "";
  #isLeaving = false;

  private constructor(facts: ServiceFacts, socket: NotifySocket) {
    this.facts = facts;
    this.#socket = socket;
  }

  /**
   * The one that the environment names, or else the predecessor's. What it says there is taken out: workers, and what they
   * may start, are not to speak for this process. Undefined for none.
   */
  static find(environment: Environment, predecessors: ServiceFacts | undefined): ServiceManager | undefined {
    const facts = takeFacts(environment) ?? predecessors;
    const socket = facts && NotifySocket.open(facts.socket);
    return facts === undefined || socket === undefined ? undefined : new ServiceManager(facts, socket);
  }

  /** Everything listens. From now on the manager hears that it goes on, as long as a worker answers. @param tookOver from a process that the manager started */
  serving(supervisor: Pick<Supervisor, "askEach" | "urls" | "workers">, tookOver: boolean): void {
    const { urls, workers } = supervisor;
    const count = workers.length === 1 ? "" : ` with ${workers.length} workers`;
    this.#status = `serving on ${urls.join(", ")}${count}`;
    this.#say({ MAINPID: tookOver ? process.pid : undefined, READY: 1, STATUS: this.#status });
    const { watchdogMs } = this.facts;
    if (watchdogMs === undefined) return;
    const everyMs = watchdogMs / 2;
    this.#looking = setInterval(() => void this.#look(supervisor, everyMs), everyMs);
    this.#looking.unref();
    this.#socket.trySend("WATCHDOG=1");
  }

  reloading(): void {
    if (this.#isLeaving) return;
    this.#say({ RELOADING: 1, MONOTONIC_USEC: monotonicMicroseconds(), STATUS: "reloading" });
  }

  reloaded({ isReloaded, summary }: ReloadReport): void {
    if (this.#isLeaving) return;
    const failure = `; the last reload failed, the old configuration stays: ${summary}`;
    this.#say({ READY: 1, STATUS: isReloaded ? this.#status : `${this.#status}${failure}` });
  }

  /** It ends, at once or when nothing is open. @param mostMs how long that may take, whatever the manager was told before */
  stopping(open: number, mostMs: number): void {
    // Who took over is the service now, and speaks for it.
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#say({ STOPPING: 1, EXTEND_TIMEOUT_USEC: mostMs * 1000, STATUS: `stopping, ${open} open` });
  }

  /** Another process is the service from now on. */
  handedOver(pid: number): void {
    this.#isLeaving = true;
    this.#say({ MAINPID: pid });
    clearInterval(this.#looking);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
    this.#socket[Symbol.dispose]();
  }

  /** That this is called says that the event loop turns. */
  async #look(supervisor: Pick<Supervisor, "askEach">, mostMs: number): Promise<void> {
    const asked = supervisor.askEach({ type: "count_open" }).flatMap((answer) => answer ?? []);
    const isServing = asked.map(
      async (answer) => (await answer)?.type === "open" || Promise.reject(new Error("ended")),
    );
    if (
      (await within(
        mostMs,
        Promise.any(isServing).catch(() => false),
      )) === true
    )
      this.#socket.trySend("WATCHDOG=1");
  }

  #say(message: Readonly<Record<string, string | number | undefined>>): void {
    const lines = Object.entries(message).filter(([, value]) => value !== undefined);
    // A value is one line.
    this.#socket.send(lines.map(([key, value]) => `${key}=${String(value).replaceAll("\n", " ")}`).join("\n"));
  }
}

function takeFacts(environment: Environment): ServiceFacts | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: time = "", WATCHDOG_PID: pid } = environment;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name];
  if (socket === undefined || socket === "") return undefined;
  // The watchdog may be meant for the process that started this one.
  const isMeant = pid === undefined || pid === String(process.pid);
  return { socket, ...(isMeant && /^[1-9]\d{3,15}$/.test(time) && { watchdogMs: Number(time) / 1000 }) };
}

/** `performance.now()` and `process.hrtime()` count from the start of the process (Bun 1.4.5). */
function monotonicMicroseconds(): string | undefined {
  const system = openLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
  const time = new BigInt64Array(2);
  if (system?.clock_gettime(CLOCK_MONOTONIC, ptr(time)) !== 0) return undefined;
  const [seconds = 0n, nanoseconds = 0n] = time;
  return String(seconds * 1_000_000n + nanoseconds / 1_000n);
}
