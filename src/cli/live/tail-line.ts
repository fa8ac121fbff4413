import type { Exchange } from "../../observe/live.ts";
import { printable } from "../report.ts";
import { clockText, sizeText, timeText } from "./figures.ts";
import { type Paint, statusTint } from "./paint.ts";

/** Slower ones stand out. */
const SLOW_MS = 1_000;

/** One request that is over, in one line. What came from outside can do nothing to a terminal. */
export function tailLine(exchange: Exchange, paint: Paint): string {
  const { at, status, durationMs, sizeBytes, method, host, uri, clientAddress, route, peer, retries, error } = exchange;
  const time = `${clockText(at)}.${String(Math.floor(at) % 1000).padStart(3, "0")}`;
  const words = [
    paint("dim", time),
    paint(statusTint(status), String(status).padStart(3)),
    paint(durationMs >= SLOW_MS ? "yellow" : undefined, timeText(durationMs).padStart(7)),
    sizeText(sizeBytes).padStart(7),
    paint("bold", printable(method)),
    printable(`${host}${uri}`),
    paint("dim", printable(`${clientAddress} -> ${peer ?? "-"}`)),
    ...(route === undefined ? [] : [paint("dim", printable(`[${route}]`))]),
    ...(retries === 0 ? [] : [paint("yellow", retries === 1 ? "1 retry" : `${retries} retries`)]),
    ...(error === undefined ? [] : [paint("red", printable(error))]),
  ];
  return words.join(" ");
}
