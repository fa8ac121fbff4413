import { join } from "node:path";
import { freePort, listening, type Running, start } from "../bench/processes.ts";

const PROGRAM = join(import.meta.dir, "programs/origin.ts");

/** What is open in an origin, by its own count. */
export interface OriginStats {
  readonly requests: number;
  readonly webSockets: number;
}

/** An upstream with a process of its own, which may be killed and started again at its port. */
export class Origin implements AsyncDisposable {
  readonly port = freePort();
  #running: Running | undefined = undefined;

  async start(): Promise<void> {
    const command = [process.execPath, PROGRAM, String(this.port)];
    this.#running = start({ command, core: undefined, cwd: import.meta.dir });
    await listening(this.#running, this.port);
  }

  /** As a crash would end it: nothing is finished. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    process.kill(running.pid, "SIGKILL");
    await running.died.catch(() => {});
  }

  async stats(): Promise<OriginStats> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/stats`, { proxy: "", keepalive: false });
    return (await answer.json()) as OriginStats;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }
}
