import { WrongContent } from "../payload.ts";
import { routeOf, send } from "./exchange.ts";
import type { Load } from "./load.ts";

const EVENT = /^id: (\d+)\ndata: event \1 of (\d+)$/;

/** Streams of numbered events that last some seconds. */
export const eventStreams: Load = {
  kind: "event streams",
  perSecond: 1,
  atOnce: 12,
  async run(stage) {
    const { dice } = stage;
    const count = dice.between(20, 120);
    const answer = await send(stage, `${routeOf(stage)}/events?count=${count}&pause=${dice.between(10, 60)}`);
    const text = new TextDecoder();
    let seen = 0;
    let bytes = 0;
    let rest = "";
    for await (const piece of answer.body ?? []) {
      bytes += piece.length;
      const events = (rest + text.decode(piece, { stream: true })).split("\n\n");
      rest = events.pop() ?? "";
      // A comment says that the stream is open.
      for (const event of events.filter((each) => !each.startsWith(":"))) {
        const [, number, of] = EVENT.exec(event) ?? [];
        if (Number(number) !== seen || Number(of) !== count) throw new WrongContent(`event ${seen} is "${event}"`);
        seen++;
      }
    }
    // To a client that is as if it had ended by itself: it comes again.
    if (seen !== count) throw new Error(`ended after ${seen} of ${count} events`);
    return bytes;
  },
};
