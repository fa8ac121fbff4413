import type { GatewaySession } from "../gateway-ctx.ts";

/** The status of an answer of ours: as it is given, or where it is not 200, or that of the failure that is answered (Caddy). */
export function answerStatus(text: string, { ctx }: GatewaySession): number | undefined {
  return text === "" ? (ctx.failure?.answer.status ?? 200) : parseStatus(text);
}

/** A status that can be sent as an answer, out of a template's value; undefined for everything else. */
export function parseStatus(text: string): number | undefined {
  return /^[2-5]\d\d$/.test(text) ? Number(text) : undefined;
}

/** Statuses whose answers have no body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
