import type { Config } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { Channel } from "./channel.ts";
import { CpuProfile } from "./cpu-profile.ts";
import { holdingsOf } from "./holdings.ts";
import type { Answer, Ask, FromWorker, ListenFault, ToWorker } from "./messages.ts";
import { ListenError, type ListenFailure, Prepared, type ReloadRefusal, startWorker, type Worker } from "./worker.ts";
import { listenerNames } from "./listener-names.ts";
import type { Probing } from "./service.ts";

export interface SeatOptions {
  readonly channel: Channel<FromWorker, ToWorker>;
  /** The log that the worker writes to, once it is told how much of it is wanted. */
  readonly log: (level: Extract<Ask, { type: "start" }>["logLevel"]) => Log;
  /** Told of every question before it is answered. */
  readonly onAsk?: (ask: Ask) => void;
}

/** The worker's end of the channel: does what the supervisor asks, be it in this process or in another. */
export class WorkerSeat implements Disposable {
  readonly #options: SeatOptions;
  readonly #hurry = new AbortController();
  #worker: Worker | undefined = undefined;
  #prepared: Prepared | undefined = undefined;
  #profile: Promise<CpuProfile> | undefined = undefined;
  #beat: Timer | undefined = undefined;

  constructor(options: SeatOptions) {
    this.#options = options;
    const { channel } = options;
    channel.receive((message) => {
      if (message.type === "hurry") this.#hurry.abort();
      else void this.#answer(message.number, message.ask);
    });
    channel.send({ type: "up" });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
  }

  async #answer(number: number, ask: Ask): Promise<void> {
    this.#options.onAsk?.(ask);
    const answer = await this.#do(ask).catch((error: unknown): Answer => ({ type: "failed", reason: words(error) }));
    this.#options.channel.send({ type: "answer", number, answer });
  }

  async #do(ask: Ask): Promise<Answer> {
    if (ask.type === "start") return await this.#start(ask);
    const worker = this.#worker;
    if (worker === undefined) return { type: "failed", reason: "a worker that does not serve yet" };
    switch (ask.type) {
      case "prepare": {
        const prepared = await worker.prepare(ask.config, ask.sharing);
        if (!(prepared instanceof Prepared)) return refusal(prepared, ask.config);
        this.#prepared = prepared;
        return { type: "prepared", listeningAt: prepared.listeningAt };
      }
      case "commit": {
        const result = await this.#take()?.commit();
        if (result === undefined) return { type: "failed", reason: "nothing was prepared" };
        if (result.type !== "reloaded") return refusal(result, worker.config);
        const { type: _, ...changes } = result;
        return { type: "committed", changes, urls: worker.urls };
      }
      case "abandon":
        this.#take()?.abandon();
        return { type: "done" };
      case "count_open":
        return { type: "open", count: worker.open };
      case "set_controls":
        worker.control(ask.controls);
        return { type: "done" };
      case "set_down":
        worker.setDown(ask.down);
        return { type: "done" };
      case "peers":
        return { type: "peers", peers: worker.peers };
      case "tell":
        return { type: "telling", telling: worker.teller.tell(ask.wish) };
      case "web_sockets":
        return { type: "web_sockets", webSockets: worker.teller.webSockets() };
      case "holdings":
        return { type: "holdings", holdings: await holdingsOf(worker) };
      case "profile_begin":
        if (this.#profile !== undefined) return { type: "failed", reason: "it is being profiled already" };
        this.#profile = CpuProfile.begin();
        await this.#profile;
        return { type: "done" };
      case "profile_end":
        return await this.#endProfile();
      case "reopen_logs":
        await worker.reopenLogs();
        return { type: "done" };
      case "drain":
        return { type: "stopped", result: await worker.drain(this.#hurry.signal, ask.successor) };
      case "stop":
        await worker.stop();
        return { type: "stopped", result: "drained" };
    }
  }

  async #start({
    config,
    sharing,
    logLevel,
    aliveEveryMs,
    controls,
    isProber,
    down,
  }: Extract<Ask, { type: "start" }>): Promise<Answer> {
    const { channel, log } = this.#options;
    if (aliveEveryMs > 0) this.#beat = setInterval(() => channel.send({ type: "alive" }), aliveEveryMs);
    try {
      const onVerdicts: Probing["onVerdicts"] = (found) => channel.send({ type: "health", down: found });
      this.#worker = await startWorker(config, log(logLevel), sharing, { isProber, down, onVerdicts });
      this.#worker.control(controls);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      return refusal({ type: "cannot_listen", failures: error.failures }, config);
    }
    return { type: "started", listeningAt: this.#worker.listeningAt, urls: this.#worker.urls };
  }

  async #endProfile(): Promise<Answer> {
    const profile = await this.#profile;
    this.#profile = undefined;
    if (profile === undefined) return { type: "failed", reason: "it is not being profiled" };
    return { type: "profile", profile: await profile.end() };
  }

  #take(): Prepared | undefined {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared;
  }
}

function refusal(why: ReloadRefusal, config: Config): Answer {
  if (why.type !== "cannot_listen") return why;
  const names = new Map([...listenerNames(config.listeners)].map(([name, listener]) => [listener, name]));
  return { type: "cannot_listen", failures: why.failures.map((failure) => faultOf(failure, names)) };
}

function faultOf({ listener, error }: ListenFailure, names: ReadonlyMap<unknown, string>): ListenFault {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return { listener: names.get(listener) ?? "", code, message: error instanceof Error ? error.message : String(error) };
}

function words(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
