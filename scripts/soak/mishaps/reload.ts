import { GENERATION } from "../proxy.ts";
import { type Mishap, type Scene, until } from "./mishap.ts";

const RELOADED_MS = 10_000;
/** New connections in a row that were answered by the new configuration: every worker has it then, but for bad luck. */
const ANSWERS = 12;

/** Another configuration by SIGHUP, which breaks nothing. */
export class Reload implements Mishap {
  readonly name = "reloads";
  #generation = 0;

  async run({ proxy }: Pick<Scene, "proxy">): Promise<void> {
    const generation = ++this.#generation;
    await proxy.configure(generation);
    proxy.reload();
    let inRow = 0;
    await until(`answers by configuration ${generation}`, RELOADED_MS, async () => {
      const answer = await fetch(`http://${proxy.address}/stats`, { proxy: "", keepalive: false });
      inRow = answer.headers.get(GENERATION) === String(generation) ? inRow + 1 : 0;
      await answer.body?.cancel();
      return inRow >= ANSWERS;
    });
  }
}
