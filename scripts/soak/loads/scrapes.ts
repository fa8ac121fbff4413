import { WrongContent } from "../payload.ts";
import { HANGS_MS, type Load } from "./load.ts";

/** What a Prometheus does beside all that: reads the metrics, again and again. */
export const scrapes: Load = {
  kind: "scrapes",
  perSecond: 0.5,
  atOnce: 2,
  async run({ adminAddress, session }) {
    const signal = AbortSignal.timeout(HANGS_MS);
    const answer = await fetch(`http://${adminAddress}/metrics`, {
      session,
      signal,
      proxy: false,
    } as BunFetchRequestInit);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    if (!/^gatekeeper_\w+(?:\{.*\})? \d/m.test(text)) throw new WrongContent("no metrics");
    return text.length;
  },
};
