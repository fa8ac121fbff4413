import { accept, refuse, type Parsed } from "./parsed.ts";

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["µs", 0.001],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** The longest time a JavaScript timer can wait is 2^31-1 ms; a longer one would fire at once. */
export const MAX_DURATION_MS = 24 * 86_400_000;

const DURATION = /^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/g;
const NUMBER = /^\d+(?:\.\d+)?$/;

/**
 * A time as Go and Caddy write it: `250ms`, `10s`, `1m30s`, `1.5h`, `1d`; `0` needs no unit.
 * Gives whole milliseconds (rounded up, so that a time that is not 0 never becomes 0), at most as much as a timer can wait.
 */
export function parseDuration(text: string, mostMs = MAX_DURATION_MS): Parsed<number> {
  if (text === "0") return accept(0);
  if (NUMBER.test(text)) return refuse("a time needs its unit", `${text}s`);
  if (text.startsWith("-")) return refuse("a time cannot be negative");
  const compact = text.replaceAll(" ", "").toLowerCase();
  if (!DURATION.test(text)) {
    if (DURATION.test(compact)) return refuse("a time is written in small letters without spaces", compact);
    const unit = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text);
    const meant = unit === null ? undefined : LONG_UNITS.get(unit[2]?.toLowerCase() ?? "");
    if (unit !== null && meant !== undefined) return refuse(`"${unit[2]}" is no unit of time`, `${unit[1]}${meant}`);
    return refuse("this is not a time");
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART)) {
    total += Number(amount) * (MS_PER_UNIT.get(unit ?? "") ?? 0);
  }
  if (total > mostMs) return refuse(`the longest time is ${Math.floor(mostMs / 86_400_000)}d`);
  return accept(Math.ceil(total));
}

const LONG_UNITS: ReadonlyMap<string, string> = new Map([
  ["msec", "ms"],
  ["millis", "ms"],
  ["milliseconds", "ms"],
  ["sec", "s"],
  ["secs", "s"],
  ["second", "s"],
  ["seconds", "s"],
  ["min", "m"],
  ["mins", "m"],
  ["minute", "m"],
  ["minutes", "m"],
  ["hr", "h"],
  ["hour", "h"],
  ["hours", "h"],
  ["day", "d"],
  ["days", "d"],
]);

/**
 * A time that the original gatekeeper and Pingora count in seconds: a plain whole number is seconds, and
 * a unit may be written too. Gives milliseconds.
 */
export function parseSeconds(text: string): Parsed<number> {
  if (!/^\d+$/.test(text)) {
    if (NUMBER.test(text)) return refuse("seconds are whole numbers", `${Math.round(Number(text) * 1000)}ms`);
    return parseDuration(text);
  }
  const ms = Number(text) * 1000;
  return ms > MAX_DURATION_MS ? refuse("the longest time is 24 days (2073600)") : accept(ms);
}

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["tb", 1e12],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
]);

/**
 * A size as Caddy writes it: `512`, `64KiB` (1024s), `10MB` (1000s), `1.5GiB`; the case of the unit does
 * not count. Gives whole bytes.
 */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text);
  if (match === null) {
    if (text.startsWith("-")) return refuse("a size cannot be negative");
    const compact = text.replaceAll(" ", "");
    const again = compact === text ? undefined : parseSize(compact);
    return again?.ok === true ? refuse("a size has no spaces", compact) : refuse("this is not a size");
  }
  const unit = match[2] ?? "";
  const factor = BYTES_PER_UNIT.get(unit.toLowerCase());
  if (factor === undefined) {
    // 1M is a million bytes to some programs and 2^20 to others.
    const isShort = /^[kmgt]$/i.test(unit);
    return refuse(`"${unit}" is no unit of size`, isShort ? `${match[1]}${unit.toUpperCase()}iB` : undefined);
  }
  const bytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? accept(bytes) : refuse("this is larger than any size can be");
}
