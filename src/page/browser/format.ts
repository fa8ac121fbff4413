/** How figures are written on the page. Missing ones are a dash. */
export const MISSING = "–";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1,234`, `56.8k`, `1.2M`. */
export function count(value: number): string {
  if (value < 10_000) return Math.round(value).toLocaleString("en");
  return value < 1e6 ? `${short(value / 1e3)}k` : value < 1e9 ? `${short(value / 1e6)}M` : `${short(value / 1e9)}G`;
}

/** Of something per second: `0`, `0.2`, `7.5`, `132`. */
export function rate(value: number | null): string {
  if (value === null) return MISSING;
  if (value === 0) return "0";
  return value < 0.05 ? "<0.1" : value < 9.95 ? tenth(value) : count(value);
}

/** `0.4 ms`, `12 ms`, `1.3 s`, `2 min 5 s`. */
export function milliseconds(value: number | null): string {
  if (value === null) return MISSING;
  if (value < 0.05) return value <= 0 ? "0 ms" : "<0.1 ms";
  if (value < 9.95) return `${tenth(value)} ms`;
  if (value < 999.5) return `${Math.round(value)} ms`;
  if (value < 9_950) return `${tenth(value / SECOND)} s`;
  return value < 59_500 ? `${Math.round(value / SECOND)} s` : span(value);
}

/** `512 B`, `3.4 kB`, `84 MB`. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return MISSING;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? String(Math.round(size)) : short(size)} ${units[unit]}`;
}

/** `0%`, `<0.1%`, `0.4%`, `12%`; a dash where there is nothing to be a part of. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return MISSING;
  const value = (100 * part) / whole;
  if (value === 0) return "0%";
  if (value < 0.05) return "<0.1%";
  // Not all, though nearly so.
  if (value > 99.5 && part < whole) return ">99%";
  return `${value < 9.95 ? tenth(value) : Math.round(value)}%`;
}

/** A length of time in its two largest units: `8 s`, `4 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(ms: number): string {
  const value = Math.max(0, ms);
  if (value < MINUTE) return `${Math.floor(value / SECOND)} s`;
  if (value < 10 * MINUTE) return two(value, [MINUTE, "min"], [SECOND, "s"]);
  if (value < HOUR) return `${Math.floor(value / MINUTE)} min`;
  return value < DAY ? two(value, [HOUR, "h"], [MINUTE, "min"]) : two(value, [DAY, "d"], [HOUR, "h"]);
}

/** A length of time that is not to change while one looks: whole minutes, `<1 min` before. */
export function calmSpan(ms: number): string {
  return ms < MINUTE ? "<1 min" : ms < HOUR ? `${Math.floor(ms / MINUTE)} min` : span(ms);
}

/** The time of day where the browser is: `22:03:05`. */
export function clock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** `22:03` */
export function minute(at: number): string {
  return clock(at).slice(0, 5);
}

/** `2026-11-25`, where the browser is. */
export function day(at: number): string {
  const date = new Date(at);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

/** When something was: the time of day, with the day before it where that is not the same. */
export function moment(at: number, now: number): string {
  return day(at) === day(now) ? clock(at) : `${day(at)} ${minute(at)}`;
}

export function plural(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

function two(
  ms: number,
  [large, largeName]: readonly [number, string],
  [small, smallName]: readonly [number, string],
): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

function tenth(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

function short(value: number): string {
  return value < 99.95 ? tenth(value) : String(Math.round(value));
}
