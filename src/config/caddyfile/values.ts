import { parseDuration, parseSize } from "../../core/units.ts";
import type { DocNode } from "../document.ts";
import { wordNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

const NS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["μs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
  ["d", 86_400e9],
]);

/** A time as Go reads it: `1h30m`, `.5s`, `1500us`, `+3s`, and Caddy's `1d`; milliseconds, undefined where it is none. */
export function durationMs(text: string): number | undefined {
  const parts = /^\+?((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d))+)$/.exec(text)?.[1];
  if (parts === undefined) return text === "0" ? 0 : undefined;
  let ns = 0;
  for (const [, amount, unit] of parts.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g)) {
    ns += Number(amount) * (NS_PER_UNIT.get(unit ?? "") ?? 0);
  }
  return ns / 1e6;
}

/** A time, as it was written where it is read alike here; what is wrong with it is said when it is decoded. */
export function durationNode(at: Token, report: Report): DocNode {
  // Some keys count in seconds where there is no unit; Caddy's never do.
  if (/^[1-9]\d*$/.test(at.text)) report.error(at, "a time needs its unit", { help: `did you mean ${at.text}s?` });
  if (parseDuration(at.text).ok) return wordNode(at);
  const ms = durationMs(at.text);
  return wordNode(at, ms === undefined ? at.text : `${Math.ceil(ms)}ms`);
}

/** A time in whole seconds, rounded up, as Pingora's keys have it. */
export function secondsNode(at: Token): DocNode {
  const ms = durationMs(at.text);
  return wordNode(at, ms === undefined ? at.text : String(Math.ceil(ms / 1000)));
}

const SIZE = /^([\d,]*\.?\d+|[\d,]+\.?)\s*([kmgtpe]?)(i?)b?$/i;

/** A size as Caddy reads it: `10MB` and `10M` are 10,000,000, `10MiB` and `10Mi` are 10,485,760. */
export function sizeNode(at: Token, report: Report): DocNode | undefined {
  if (parseSize(at.text).ok) return wordNode(at);
  const [, amount, prefix = "", binary] = SIZE.exec(at.text) ?? [];
  if (amount === undefined || (prefix === "" && binary !== "")) {
    return report.error(at, "this is not a size", { expected: "a size, such as 512, 64KiB, 10MB or 1GiB" });
  }
  const power = " kmgtpe".indexOf(prefix.toLowerCase());
  const factor = prefix === "" ? 1 : (binary === "" ? 1000 : 1024) ** power;
  return wordNode(at, String(Math.floor(Number(amount.replaceAll(",", "")) * factor)));
}
