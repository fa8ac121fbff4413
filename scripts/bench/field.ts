import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority, makeCertificate } from "../../test/helpers/certificates.ts";
import type { Contender } from "./contenders/contender.ts";
import { origin } from "./origins.ts";
import { freePort, listening, type Running, start } from "./processes.ts";
import type { Entrant } from "./rounds.ts";
import type { Scenario } from "./scenarios.ts";
import { HOST, type Place } from "./setup.ts";

export interface Cores {
  /** The proxy's; undefined where nothing is pinned. */
  readonly proxy: number | undefined;
  /** Of the load and of the origin. */
  readonly load: number | undefined;
}

/** Starts what a scenario needs: its origin, and each contender before it. Owns all of them. */
export class Field implements AsyncDisposable {
  readonly #owned = new AsyncDisposableStack();
  readonly #dir: string;
  readonly #pem: Place["pem"];
  readonly #cores: Cores;
  #count = 0;

  private constructor(dir: string, pem: Place["pem"], cores: Cores) {
    this.#dir = dir;
    this.#pem = pem;
    this.#cores = cores;
  }

  static async open(dir: string, cores: Cores): Promise<Field> {
    const authority = makeAuthority("bench");
    const { cert, key } = makeCertificate({ names: [HOST, "localhost", "127.0.0.1"], by: authority });
    const pem = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem"), ca: join(dir, "ca.pem") };
    await Promise.all([Bun.write(pem.cert, cert), Bun.write(pem.key, key), Bun.write(pem.ca, authority.cert)]);
    return new Field(dir, pem, cores);
  }

  /** Everyone who takes part in this scenario, up; with `direct`, the origin itself too, where it can be asked so. */
  async entrants(scenario: Scenario, contenders: readonly Contender[], direct: boolean): Promise<readonly Entrant[]> {
    const { setup } = scenario;
    const originPort = freePort();
    const originDir = await this.#folder();
    const source = await origin(scenario.origin, { port: originPort, dir: originDir, pem: this.#pem });
    const running = this.#owned.use(start({ command: source.command, core: this.#cores.load, cwd: originDir }));
    await listening(running, originPort, setup.upstreamTls);
    const entrants: Entrant[] = [];
    for (const contender of contenders) {
      if (contender.version === undefined || !contender.takes(setup)) continue;
      const restart = () => this.#launch(contender, scenario, originPort);
      const up = await restart();
      this.#owned.use(up.running);
      await listening(up.running, up.port, setup.downstream !== "plain");
      entrants.push({ contender, ...up, restart });
    }
    if (direct && setup.downstream === "plain" && !setup.upstreamTls && scenario.load.type !== "start") {
      const contender = { ...NOBODY, version: source.version };
      entrants.push({ contender, port: originPort, running: undefined, restart: () => Promise.reject() });
    }
    return entrants;
  }

  async #launch(
    contender: Contender,
    { setup }: Scenario,
    originPort: number,
  ): Promise<{ readonly running: Running; readonly port: number }> {
    const port = freePort();
    const dir = await this.#folder();
    const command = await contender.command({ port, originPort, dir, setup, pem: this.#pem });
    const env = { XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir, RUNTIME_DIRECTORY: dir, ...contender.env };
    const core = contender.cores === 1 ? this.#cores.proxy : undefined;
    return { running: start({ command, core, cwd: dir, env }), port };
  }

  async #folder(): Promise<string> {
    const dir = join(this.#dir, String(this.#count++));
    await mkdir(dir);
    return dir;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** The origin itself: the ceiling. */
const NOBODY: Omit<Contender, "version"> = {
  name: "direct",
  cores: 1,
  takes: ({ encodes }) => !encodes,
  command: () => Promise.reject(new Error("it is there already")),
};
