import type { LiveWebSocket } from "../../observe/live.ts";

/** The busy first, by the power of two that their rate is near: two that are much alike do not change places each second. */
export function inCalmOrder(sockets: readonly LiveWebSocket[]): readonly LiveWebSocket[] {
  const busy = ({ messagesPerSecond }: LiveWebSocket): number => Math.round(Math.log2(1 + messagesPerSecond));
  return sockets.toSorted((a, b) => busy(b) - busy(a) || a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1));
}
