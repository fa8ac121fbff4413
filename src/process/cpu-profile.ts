import type { Profiler, Session } from "node:inspector";

/** Between two samples. */
const INTERVAL_MICROSECONDS = 1_000;
/** What is sampled is held in memory: longer profiles are cut. */
const MOST_MS = 10 * 60_000;

/** What this process computes with, by samples; for Chrome's tools, speedscope and their like (`.cpuprofile`). */
export class CpuProfile {
  readonly #session: Session;
  readonly #timer: Timer;
  /** The profile, where it was cut. */
  #cut: Promise<string> | undefined = undefined;

  /** Begins one. Rejects where the engine does. */
  static async begin(): Promise<CpuProfile> {
    const inspector = await import("node:inspector");
    const session = new inspector.Session();
    session.connect();
    await post(session, "Profiler.enable");
    await post(session, "Profiler.setSamplingInterval", { interval: INTERVAL_MICROSECONDS });
    await post(session, "Profiler.start");
    return new CpuProfile(session);
  }

  private constructor(session: Session) {
    this.#session = session;
    this.#timer = setTimeout(() => (this.#cut = this.#stop()), MOST_MS);
    this.#timer.unref();
  }

  /** Ends it. @returns it as JSON */
  end(): Promise<string> {
    clearTimeout(this.#timer);
    return this.#cut ?? this.#stop();
  }

  async #stop(): Promise<string> {
    const { profile } = (await post(this.#session, "Profiler.stop")) as Profiler.StopReturnType;
    this.#session.disconnect();
    return JSON.stringify(profile);
  }
}

function post(session: Session, method: string, parameters: object = {}): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  session.post(method, parameters, (error, result) => (error === null ? resolve(result) : reject(error)));
  return promise;
}
