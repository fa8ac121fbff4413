import type { Config } from "../config/model.ts";
import type { Log, LogLevel } from "../observe/log.ts";
import { changesBetween } from "./changes.ts";
import { reasonOf, refused, requireStarted, within, WorkerStartError } from "./answers.ts";
import { listenerNames } from "./listener-names.ts";
import { ListenError } from "./listener-set.ts";
import type { ControlCommand, ControlResult, ControlState } from "./controls.ts";
import { Controls, NOTHING_CONTROLLED } from "./controls.ts";
import { HealthRelay } from "./health-relay.ts";
import type { Answer, Ask } from "./messages.ts";
import { prepareAll } from "./prepare-all.ts";
import { ALONE, type ListeningAt, portsOf, type Sharing } from "./sharing.ts";
import type { NewWorker } from "./worker-link.ts";
import { Turns } from "./turns.ts";
import { countOpen, WorkerSlot, type WorkerStatus } from "./worker-slot.ts";
import type { ReloadResult, StopResult } from "./worker.ts";

export { ListenError, WorkerStartError, type WorkerStatus };

export interface SupervisorOptions {
  readonly log: Log;
  readonly logLevel: LogLevel;
  readonly make: (index: number) => NewWorker;
  /** What the listeners of the first worker share with a process that this one takes over from. */
  readonly sharing?: Sharing;
  /** What a person switched in that process. */
  readonly controls?: ControlState;
}

/**
 * All workers of a process: gives them their configuration, replaces those that end or hang, and stops them. One worker
 * works in this process, more in processes of their own; they are spoken to in the same way.
 */
export class Supervisor {
  /** What a person switched. It is changed by `control`. */
  readonly controls: Controls;
  readonly #options: SupervisorOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #relaunches = new Set<Timer>();
  #config: Config;
  /** Counts the configurations. */
  #revision = 1;
  #listeningAt: ListeningAt = {};
  #urls: readonly string[] = [];
  /** Until all workers serve, one that ends ends the start. */
  #isStarting = true;
  #isStopping = false;
  readonly #health = new HealthRelay(() => this.#slots);
  /** What changes a worker's configuration goes one after the other. */
  readonly #turns = new Turns();

  /** Made by `startSupervisor`. */
  constructor(config: Config, options: SupervisorOptions) {
    this.#config = config;
    this.#options = options;
    const slot = (index: number): WorkerSlot =>
      new WorkerSlot({
        index,
        make: options.make,
        log: options.log,
        hangTimeoutMs: () => this.#config.process.workerHangTimeoutMs,
        onHealth: this.#health.onHealth,
        onEnded: this.#onEnded,
      });
    this.#slots = Array.from({ length: config.process.threads }, (_, index) => slot(index));
    this.controls = new Controls({
      state: options.controls ?? NOTHING_CONTROLLED,
      config: () => this.#config,
      ask: (ask) => this.askServing(ask),
      log: options.log,
    });
  }

  /** What is served by now. */
  get config(): Config {
    return this.#config;
  }

  /** Where it really listens, for people to read, in the order of the configuration. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Where each listener really listens, by its name. */
  get listeningAt(): ListeningAt {
    return this.#listeningAt;
  }

  /** Whether it drains or ends. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  get workers(): readonly WorkerStatus[] {
    return this.#slots.map((slot) => slot.status);
  }

  /** Requests and WebSockets that are open. A worker that does not answer soon is left out. */
  get open(): Promise<number> {
    return countOpen(this.#slots);
  }

  /** @throws ListenError with every address that could not be listened on, WorkerStartError; all workers have ended then */
  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    try {
      const answer = await first?.launch(this.#startAsk(first, this.#options.sharing ?? ALONE));
      this.#noteStart(answer);
      // Only now is it known which ports there are.
      const answers = await Promise.all(others.map((slot) => slot.launch(this.#startAsk(slot, this.#shared(slot)))));
      for (const each of answers) requireStarted(each, this.#config);
      for (const slot of this.#slots) slot.revision = this.#revision;
      this.#isStarting = false;
      // What the first one found while the others started.
      this.#health.tell(others);
      await this.controls.forgetGone();
      for (const slot of this.#slots) if (!slot.isServing) this.#onEnded(slot, 0);
    } catch (error) {
      await this.#endAll();
      throw error;
    }
  }

  /** All workers serve by another configuration, or none does. */
  async reload(config: Config): Promise<ReloadResult> {
    return await this.#turns.take(() => this.#reload(config));
  }

  /** Does what a person wants of the running process beside a reload. */
  async control(command: ControlCommand): Promise<ControlResult> {
    return await this.#turns.take(() => this.controls.do(command));
  }

  /** Has every worker close the files of its access logs and open them anew. */
  async reopenLogs(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.ask({ type: "reopen_logs" })));
  }

  /**
   * Has every worker drain, and ends by force those that are not done after the grace period and the shutdown timeout.
   *
   * @param hurry ends the drain at once
   * @param successor another process of ours takes the new connections already
   */
  async drain(hurry: AbortSignal, successor = false): Promise<StopResult> {
    const { gracePeriodMs, gracefulShutdownTimeoutMs: closingMs } = this.#config.process;
    const over = this.#stopWith({ type: "drain", successor });
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    let timer = setTimeout(resolve, gracePeriodMs + closingMs, undefined);
    const hasten = (): void => {
      for (const slot of this.#slots) slot.hurry();
      clearTimeout(timer);
      timer = setTimeout(resolve, closingMs, undefined);
    };
    if (hurry.aborted) hasten();
    else hurry.addEventListener("abort", hasten, { once: true });
    const result = await Promise.race([over, late]);
    hurry.removeEventListener("abort", hasten);
    clearTimeout(timer);
    if (result !== undefined) return result;
    this.#options.log.warn("ending workers that are not done in time");
    await this.#endAll();
    return "forced";
  }

  /** Ends everything now; waits no longer than the shutdown timeout for connections to close. */
  async stop(): Promise<void> {
    await within(this.#config.process.gracefulShutdownTimeoutMs, this.#stopWith({ type: "stop" }));
    await this.#endAll();
  }

  /** Asks every worker that serves. */
  async askServing(ask: Ask): Promise<readonly (Answer | undefined)[]> {
    return await Promise.all(this.askEach(ask));
  }

  /** The same, each for itself, in the order of `workers`; undefined in the place of one that does not serve, or is spared. */
  askEach(ask: Ask, spared: ReadonlySet<number> = new Set()): readonly (Promise<Answer | undefined> | undefined)[] {
    return this.#slots.map((slot) => (slot.isServing && !spared.has(slot.index + 1) ? slot.ask(ask) : undefined));
  }

  async #stopWith(ask: Extract<Ask, { type: "stop" | "drain" }>): Promise<StopResult> {
    this.#expectEnds();
    const results = this.#slots.map(async (slot): Promise<StopResult> => {
      if (!slot.isServing) {
        slot.kill();
        return "drained";
      }
      const answer = await slot.ask(ask);
      await slot.release();
      return answer?.type === "stopped" ? answer.result : "forced";
    });
    return (await Promise.all(results)).every((result) => result === "drained") ? "drained" : "forced";
  }

  #expectEnds(): void {
    this.#isStopping = true;
    for (const slot of this.#slots) slot.expectEnd();
    for (const timer of this.#relaunches) clearTimeout(timer);
    this.#relaunches.clear();
  }

  async #endAll(): Promise<void> {
    this.#expectEnds();
    for (const slot of this.#slots) slot.kill();
    await Promise.all(this.#slots.map((slot) => slot.release()));
  }

  readonly #onEnded = (slot: WorkerSlot, delayMs: number): void => {
    if (this.#isStopping || this.#isStarting) return;
    const { log } = this.#options;
    if (delayMs > 0) log.warn("workers keep ending: the next one waits", { worker: slot.index + 1, delayMs });
    const timer = setTimeout(() => {
      this.#relaunches.delete(timer);
      void this.#replace(slot);
    }, delayMs);
    this.#relaunches.add(timer);
  };

  async #replace(slot: WorkerSlot): Promise<void> {
    const { log } = this.#options;
    const revision = this.#revision;
    const answer = await slot.launch(this.#startAsk(slot, this.#shared(slot)));
    slot.revision = revision;
    if (answer === undefined || this.#isStopping) return;
    if (answer.type !== "started") {
      log.error("a worker cannot start", { worker: slot.index + 1, reason: reasonOf(answer) });
      // Its end has another one come.
      return slot.kill();
    }
    log.info("a worker took the place of the one that ended", { worker: slot.index + 1, pid: slot.pid });
    await this.#turns.take(async () => {
      await slot.ask({ type: "set_controls", controls: this.controls.state });
      this.#health.tell([slot]);
      await this.#bringUpToDate(slot);
    });
  }

  /** A reload went by while it started. */
  async #bringUpToDate(slot: WorkerSlot): Promise<void> {
    if (slot.revision === this.#revision || this.#isStopping) return;
    const prepared = await slot.ask({ type: "prepare", config: this.#config, sharing: this.#shared(slot) });
    const answer = prepared?.type === "prepared" ? await slot.ask({ type: "commit" }) : prepared;
    if (answer?.type === "committed") slot.revision = this.#revision;
    else slot.kill();
  }

  async #reload(config: Config): Promise<ReloadResult> {
    if (this.#isStopping) return { type: "stopping" };
    const slots = this.#slots.filter((slot) => slot.isServing);
    const prepared = await prepareAll(slots, config, this.#listeningAt);
    return prepared.type === "prepared" ? await this.#commit(config, slots, prepared.listeningAt) : prepared;
  }

  async #commit(config: Config, slots: readonly WorkerSlot[], listeningAt: ListeningAt): Promise<ReloadResult> {
    const before = this.#config;
    this.#config = config;
    this.#revision++;
    this.#listeningAt = listeningAt;
    const answers = await Promise.all(slots.map((slot) => slot.ask({ type: "commit" })));
    const committed = answers.flatMap((answer) => (answer?.type === "committed" ? [answer] : []));
    answers.forEach((answer, at) => {
      const slot = slots[at];
      if (slot === undefined) return;
      if (answer?.type === "committed") slot.revision = this.#revision;
      // The next one in its place starts with what is served now.
      else if (answer?.type === "failed") slot.kill();
    });
    const [first] = committed;
    if (first === undefined) return this.#isStopping ? { type: "stopping" } : refused(answers[0], config);
    this.#urls = first.urls;
    await this.controls.forgetGone();
    const leavingStreams = committed.reduce((sum, { changes }) => sum + changes.leavingStreams, 0);
    return { type: "reloaded", ...changesBetween(before, config), listeners: first.changes.listeners, leavingStreams };
  }

  #noteStart(answer: Answer | undefined): void {
    const { listeningAt, urls } = requireStarted(answer, this.#config);
    this.#listeningAt = listeningAt;
    this.#urls = urls;
  }

  #startAsk({ index }: WorkerSlot, sharing: Sharing) {
    const known = { controls: this.controls.state, down: this.#health.down, isProber: index === 0 };
    return { type: "start", config: this.#config, sharing, logLevel: this.#options.logLevel, ...known } as const;
  }

  /** For one that comes where others are, or were. */
  #shared({ index }: WorkerSlot): Sharing {
    const held = [...listenerNames(this.#config.listeners).keys()];
    return { ports: portsOf(this.#listeningAt), held, servesUnixSockets: index === 0 };
  }
}

/** @throws ListenError with every address that could not be listened on */
export async function startSupervisor(config: Config, options: SupervisorOptions): Promise<Supervisor> {
  const supervisor = new Supervisor(config, options);
  await supervisor.start();
  return supervisor;
}
