import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Holdings } from "../../src/process/holdings.ts";
import type { ProcessStatus } from "../../src/process/process-status.ts";
import { freePort, listening, type Running, start } from "../bench/processes.ts";

export interface ProxyOptions {
  readonly binary: string;
  /** A folder of its own, removed after the run. */
  readonly dir: string;
  readonly threads: number;
  readonly originPorts: readonly number[];
}

/** What is written into the configuration last, and into every answer by it. */
export const GENERATION = "X-Soak-Generation";

/** The executable that is soaked. */
export class Proxy implements AsyncDisposable {
  readonly address: string;
  readonly adminAddress: string;
  readonly #options: ProxyOptions;
  readonly #port = freePort();
  readonly #extraPort = freePort();
  readonly #adminPort = freePort();
  #running: Running | undefined = undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.address = `127.0.0.1:${this.#port}`;
    this.adminAddress = `127.0.0.1:${this.#adminPort}`;
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error("the proxy was not started");
    return this.#running.pid;
  }

  async start(): Promise<void> {
    const { binary, dir } = this.#options;
    await this.configure(0);
    // Its log goes to a file; what bench's processes keep of one is kept in memory.
    const command = ["sh", "-c", 'exec "$0" -c "$1" 2> "$2"', binary, this.#file, this.#log];
    const env = { RUNTIME_DIRECTORY: join(dir, "run"), GATEKEEPER_LOG: "info" };
    this.#running = start({ command, core: undefined, cwd: dir, env });
    try {
      await listening(this.#running, this.#port);
      // It is opened last.
      await listening(this.#running, this.#adminPort);
    } catch (error) {
      throw new Error(`the proxy does not start:\n${await this.log()}`, { cause: error });
    }
  }

  /** Writes the configuration that the next reload reads: routes, fields and listeners are others each time. */
  async configure(generation: number): Promise<void> {
    const upstreams = this.#options.originPorts.map((port) => `127.0.0.1:${port}`);
    const common = {
      upstreams: generation % 2 === 0 ? upstreams : upstreams.toReversed(),
      // Short, so that what rests at the end is soon seen to rest.
      idle_timeout: "2s",
      lb_try_duration: "3s",
      fail_duration: "2s",
      max_fails: 3,
      health_uri: "/stats",
      health_interval: "1s",
      header_down: { set: { [GENERATION]: String(generation) } },
    };
    const timed = { response_header_timeout: "20s", write_timeout: "20s", read_timeout: "20s" };
    const config = {
      threads: this.#options.threads,
      grace_period_seconds: 5,
      admin: this.adminAddress,
      upgrade_sock: join(this.#options.dir, "upgrade.sock"),
      listeners: [this.#port, ...(generation % 3 === 1 ? [this.#extraPort] : [])].map((port) => ({
        address: `127.0.0.1:${port}`,
      })),
      routes: [
        ...Array.from({ length: generation % 5 }, (_, i) => ({ match: { path: `/none${i}/*` }, respond: 204 })),
        { name: "timed", match: { path: "/timed/*" }, ...common, ...timed },
        { name: "capped", match: { path: "/capped/*" }, ...common, max_conns_per_host: 100, queue_timeout: "10s" },
        // Without Accept it goes by the exact lane.
        { name: "exact", match: { path: "/exact/*" }, request_header: { remove: ["Accept"] }, ...common },
        { name: "rest", ...common },
      ],
    };
    await Bun.write(this.#file, JSON.stringify(config, null, 1));
  }

  reload(): void {
    process.kill(this.pid, "SIGHUP");
  }

  async status(): Promise<ProcessStatus> {
    return (await this.#ask("/")) as ProcessStatus;
  }

  async holdings(): Promise<readonly Holdings[]> {
    return (await this.#ask("/holdings")) as readonly Holdings[];
  }

  /** What it has logged so far. */
  async log(): Promise<string> {
    return await readFile(this.#log, "utf8");
  }

  /** Asks it to go. Gives its exit code, and how long that took. */
  async stop(): Promise<{ readonly code: number; readonly tookMs: number }> {
    const began = performance.now();
    const running = this.#running;
    this.#running = undefined;
    await running?.[Symbol.asyncDispose]();
    return { code: (await running?.exited) ?? 0, tookMs: performance.now() - began };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #file(): string {
    return join(this.#options.dir, "gatekeeper.yaml");
  }

  get #log(): string {
    return join(this.#options.dir, "log");
  }

  async #ask(path: string): Promise<unknown> {
    const unix = join(this.#options.dir, "run", `${this.pid}.sock`);
    const answer = await fetch(`http://gatekeeper${path}`, { unix, proxy: false, signal: AbortSignal.timeout(5_000) });
    return await answer.json();
  }
}
