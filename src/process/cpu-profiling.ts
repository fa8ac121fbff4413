import type { Supervisor } from "./supervisor.ts";

/** Of one worker, as the JSON of a `.cpuprofile`. */
export interface WorkerProfile {
  /** Counts from 1. */
  readonly worker: number;
  readonly profile: string;
}

/** Profiles of all workers over the same time, one at a time. Workers that come meanwhile are not in it. */
export class CpuProfiling {
  readonly #supervisor: Pick<Supervisor, "askEach">;
  #isRunning = false;

  constructor(supervisor: Pick<Supervisor, "askEach">) {
    this.#supervisor = supervisor;
  }

  /** @returns why there is none */
  async begin(): Promise<string | undefined> {
    if (this.#isRunning) return "it is being profiled already";
    this.#isRunning = true;
    const answers = await Promise.all(this.#supervisor.askEach({ type: "profile_begin" }));
    const failed = answers.find((answer) => answer?.type === "failed");
    if (failed?.type !== "failed") return undefined;
    await this.end();
    return failed.reason;
  }

  /** Of the time that follows. Rejects where there is none. */
  async take(ms: number): Promise<readonly WorkerProfile[]> {
    const refusal = await this.begin();
    if (refusal !== undefined) throw new Error(refusal);
    await Bun.sleep(ms);
    return await this.end();
  }

  async end(): Promise<readonly WorkerProfile[]> {
    const answers = await Promise.all(this.#supervisor.askEach({ type: "profile_end" }));
    this.#isRunning = false;
    return answers.flatMap((answer, at) =>
      answer?.type === "profile" ? [{ worker: at + 1, profile: answer.profile }] : [],
    );
  }
}
