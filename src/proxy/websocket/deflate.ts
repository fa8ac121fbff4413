import { zlib } from "../../core/zlib.ts";

/**
 * What is offered to an upstream whose client offers compression (RFC 7692 section 7.1): every message by itself,
 * so that a socket costs no window. The proxy then compresses for the client what came compressed.
 */
export const DEFLATE_OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** What a sender took off the end of a message (RFC 7692 section 7.2.2). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** True when a handshake offers permessage-deflate, with whatever parameters. */
export function offersDeflate(headers: Headers): boolean {
  return /(?:^|,)\s*permessage-deflate\s*(?:[;,]|$)/.test(headers.get("sec-websocket-extensions") ?? "");
}

/** True when `answer`, the upstream's `Sec-WebSocket-Extensions`, accepts the offer in a way that we can read. */
export function acceptsDeflate(answer: string): boolean {
  const [name, ...parameters] = answer.split(";").map((part) => part.trim());
  if (name !== "permessage-deflate" || !parameters.includes("server_no_context_takeover")) return false;
  return parameters.every((parameter) => PARAMETER.test(parameter));
}

const PARAMETER = /^(?:(?:server|client)_no_context_takeover|server_max_window_bits="?(?:8|9|1[0-5])"?)$/;

/**
 * The most that a message of so many bytes can be when it is compressed: what cannot be compressed grows, by zlib's own
 * bound for any of its settings.
 */
export function deflatedAtMost(bytes: number): number {
  return bytes + Math.ceil(bytes / 8) + Math.ceil(bytes / 64) + 16;
}

/** Gives a message as it was before it was compressed, or what is wrong with it. */
export function inflateMessage(payload: Buffer, maxBytes: number): Buffer | "too big" | "bad" {
  const { constants, inflateRawSync } = zlib();
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(maxBytes, 1) };
    return inflateRawSync(Buffer.concat([payload, TAIL]), options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ERR_BUFFER_TOO_LARGE" ? "too big" : "bad";
  }
}
