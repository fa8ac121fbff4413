import type { Tick } from "../../observe/live.ts";

const BARS = "▁▂▃▄▅▆▇█";

/** One sign for each of the last `width` seconds; a second in which nothing was counted is a space. */
export function spark(ticks: readonly Tick[], width: number, valueOf: (tick: Tick) => number | null): string {
  const [first] = ticks.slice(-1);
  if (first === undefined || width <= 0) return "";
  const last = Math.round(first.at / 1000);
  const values = Array.from({ length: width }, (): number | undefined => undefined);
  for (const tick of ticks) {
    const at = width - 1 - (last - Math.round(tick.at / 1000));
    if (at >= 0) values[at] = valueOf(tick) ?? undefined;
  }
  const most = Math.max(...values.map((value) => value ?? 0));
  return values.map((value) => (value === undefined ? " " : bar(value, most))).join("");
}

function bar(value: number, most: number): string {
  const step = most === 0 ? 0 : Math.ceil((value / most) * (BARS.length - 1));
  return BARS.charAt(step);
}
