import { check, routeOf, send } from "./exchange.ts";
import type { Load } from "./load.ts";

const LARGE_BYTES = 10_000_000;

/** Most of what a site is asked for. */
export const small: Load = {
  kind: "small",
  perSecond: 60,
  atOnce: 40,
  async run(stage) {
    const { dice } = stage;
    const wanted = { seed: dice.seed(), length: dice.between(0, 30_000) };
    const target = `${routeOf(stage)}/bytes?seed=${wanted.seed}&length=${wanted.length}`;
    return await check(await send(stage, target, { isAlone: dice.oneIn(4) }), wanted);
  },
};

/** Ten megabytes, of known length and not, to fast clients and slow ones. */
export const large: Load = {
  kind: "large",
  perSecond: 1,
  atOnce: 4,
  async run(stage) {
    const { dice } = stage;
    const wanted = { seed: dice.seed(), length: LARGE_BYTES };
    const whole = dice.oneIn(2) ? "&whole" : "";
    const target = `${routeOf(stage)}/bytes?seed=${wanted.seed}&length=${wanted.length}${whole}`;
    return await check(await send(stage, target), wanted, dice.oneIn(3) ? 10 : 0);
  },
};
