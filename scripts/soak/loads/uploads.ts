import { Payload, WrongContent } from "../payload.ts";
import { check, routeOf, send, streamOf } from "./exchange.ts";
import type { Load } from "./load.ts";

/** Bodies of known length and not, at once and slowly, with and without limits on their time; an answer comes back. */
export const uploads: Load = {
  kind: "uploads",
  perSecond: 1,
  atOnce: 4,
  async run(stage) {
    const { dice } = stage;
    const sent = new Payload(dice.seed(), dice.between(1, 8_000_000));
    const wanted = { seed: dice.seed(), length: dice.between(0, 2_000_000) };
    const body = dice.oneIn(2) ? sent.bytes() : streamOf(sent, dice.oneIn(2) ? 2 : 0);
    const answer = await send(stage, `${routeOf(stage)}/upload?seed=${wanted.seed}&length=${wanted.length}`, {
      method: "POST",
      body,
    });
    if (answer.headers.get("x-received-checksum") !== sent.checksum) {
      throw new WrongContent(`${answer.headers.get("x-received-bytes")} bytes came up where ${sent.length} were sent`);
    }
    return sent.length + (await check(answer, wanted));
  },
};
