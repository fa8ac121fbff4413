import type { Difference, Facts } from "../facts.ts";
import type { Wire } from "../wire.ts";

/** What is known of a request beside one difference. */
export interface Setting {
  readonly wire: Wire;
  readonly caddy: Facts;
  readonly ours: Facts;
}

/** One way in which gatekeeper is meant to differ from Caddy 2.6.2. */
export interface Intended {
  readonly reason: string;
  /** True for a difference that is this one; as narrow as can be. */
  readonly covers: (difference: Difference, setting: Setting) => boolean;
}

export type Table = Readonly<Record<string, Intended>>;

/** The status that Caddy and we answered, where both did; 0 where they differ. */
export function sharedStatus({ caddy, ours }: Setting): number {
  const status = caddy.get("status");
  return status === ours.get("status") ? Number(status) : 0;
}

/** True for an error answer that gatekeeper made. */
export function isMadeByUs({ ours }: Setting): boolean {
  return ours.has("header proxy-status");
}

/** `/a?b` of a request. */
export function targetOf(wire: Wire): string {
  return wire.line.split(" | ")[0]?.replace(/^\S+ /, "") ?? "";
}

/** True for a request whose line of the target is one of these. */
export function asksFor(wire: Wire, ...starts: readonly string[]): boolean {
  const start = wire.line.split(" | ")[0] ?? "";
  return starts.some((one) => start === one);
}

/** True where the request has that field, whose name is in lower case. */
export function sends(wire: Wire, name: string): boolean {
  const head = wire.bytes.toString("latin1").split("\r\n\r\n")[0] ?? "";
  return head
    .split("\r\n")
    .slice(1)
    .some((line) => line.toLowerCase().startsWith(`${name}:`));
}

/** The part of a name after the request it belongs to: `header te` of `ORIGIN 1 header te`, "" of other names. */
export function atOrigin(name: string): string {
  return /^(?:TLS_|STRICT_)?ORIGIN\S* \d+ ?(.*)$/.exec(name)?.[1] ?? "";
}

/** True for the line of the request that an origin got: `ORIGIN 1`. */
export function isTarget(name: string): boolean {
  return /^(?:TLS_|STRICT_)?ORIGIN\S* \d+$/.test(name);
}
