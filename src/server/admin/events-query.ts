import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { parseDuration } from "../../core/units.ts";
import type { ExchangeFilter, StatusRange } from "../../observe/metrics/watched.ts";

/**
 * What of the exchanges `/events` is to tell: `?exchanges` all of them; `route=app`, `status=5xx,404`, `slower_than=500ms`
 * those for which all of it holds; none without any of these.
 */
export function readExchangeFilter(query: URLSearchParams): Parsed<ExchangeFilter | undefined> {
  const [route, status, slower] = ["route", "status", "slower_than"].map((name) => query.get(name) ?? undefined);
  if (route === undefined && status === undefined && slower === undefined) {
    return accept(query.has("exchanges") ? {} : undefined);
  }
  const statuses = status === undefined ? undefined : parseStatuses(status);
  if (statuses?.ok === false) return refuse(`status: ${statuses.fault}`);
  const time = slower === undefined ? undefined : parseDuration(slower);
  if (time?.ok === false) return refuse(`slower_than: ${time.fault}`);
  return accept({
    ...(route !== undefined && { route }),
    ...(statuses?.ok === true && { statuses: statuses.value }),
    ...(time?.ok === true && { slowerThanMs: time.value }),
  });
}

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
