import { Payload } from "../payload.ts";
import { Conversation } from "./conversation.ts";
import { check, routeOf, send, streamOf } from "./exchange.ts";
import type { Load, Stage } from "./load.ts";

/** Clients that go in the middle of an upload, a download, a stream, a WebSocket. */
export const aborts: Load = {
  kind: "aborts",
  perSecond: 4,
  atOnce: 16,
  async run(stage) {
    const { dice } = stage;
    const leave = new AbortController();
    const left = Bun.sleep(dice.between(1, 300)).then(() => leave.abort());
    const begun = dice.pick([download, upload, events, webSocket])(stage, leave.signal);
    try {
      return await begun;
    } catch (error) {
      if (leave.signal.aborted) return 0;
      throw error;
    } finally {
      await left;
    }
  },
};

async function download(stage: Stage, signal: AbortSignal): Promise<number> {
  const wanted = { seed: stage.dice.seed(), length: 10_000_000 };
  const whole = stage.dice.oneIn(2) ? "&whole" : "";
  const target = `${routeOf(stage)}/bytes?seed=${wanted.seed}&length=${wanted.length}${whole}`;
  return await check(await send(stage, target, { signal }), wanted, 5);
}

async function upload(stage: Stage, signal: AbortSignal): Promise<number> {
  const body = streamOf(new Payload(stage.dice.seed(), 10_000_000), 5);
  await (await send(stage, `${routeOf(stage)}/upload?seed=1&length=0`, { method: "POST", body, signal })).bytes();
  return 0;
}

async function events(stage: Stage, signal: AbortSignal): Promise<number> {
  return (await (await send(stage, `${routeOf(stage)}/events?count=1000&pause=5`, { signal })).bytes()).length;
}

async function webSocket(stage: Stage, signal: AbortSignal): Promise<number> {
  using conversation = new Conversation(stage, Number.POSITIVE_INFINITY);
  const { promise, resolve } = Promise.withResolvers<number>();
  signal.addEventListener("abort", () => resolve(0), { once: true });
  return await Promise.race([promise, conversation.over()]);
}
