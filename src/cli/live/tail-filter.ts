import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import type { Exchange } from "../../observe/live.ts";

/** Which requests are shown. All that is given has to hold. */
export interface TailFilter {
  /** A route's whole key, or its own name. */
  readonly route: string | undefined;
  /** Undefined: every status. */
  readonly statuses: readonly StatusRange[] | undefined;
  /** Undefined: as fast as it likes. */
  readonly slowerThanMs: number | undefined;
}

/** Both included. */
export type StatusRange = readonly [least: number, most: number];

/** `5xx`, `404`, `400-499`, or several of these parted by commas. */
export function parseStatuses(text: string): Parsed<readonly StatusRange[]> {
  const ranges: StatusRange[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const [, hundred] = /^([1-9])xx$/i.exec(part) ?? [];
    const [, from, to] = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(part) ?? [];
    if (hundred !== undefined) ranges.push([Number(hundred) * 100, Number(hundred) * 100 + 99]);
    else if (from !== undefined) ranges.push([Number(from), Number(to ?? from)]);
    else return refuse(`"${part}" is no status`, /^[1-9]$/.test(part) ? `${part}xx` : undefined);
  }
  return accept(ranges);
}

export function isShown({ route, status, durationMs }: Exchange, filter: TailFilter): boolean {
  const { statuses, slowerThanMs } = filter;
  if (filter.route !== undefined && route !== filter.route && route?.endsWith(` > ${filter.route}`) !== true)
    return false;
  if (statuses?.some(([least, most]) => status >= least && status <= most) === false) return false;
  return slowerThanMs === undefined || durationMs > slowerThanMs;
}
