import type { EncodeConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export type Encoding = EncodeConfig["formats"][number];

/** One compiled `encode`. */
export interface Encoder {
  /** How the answer is to be compressed; undefined leaves it as it is. */
  encodingFor(requestHeaders: Headers, status: number, answerHeaders: Headers, method: string): Encoding | undefined;
  /** Edits the fields of an answer that is going to be compressed. */
  edit(encoding: Encoding, headers: Headers): void;
  /** The compressed body. */
  transform(encoding: Encoding, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** The same for a body in hand. */
  whole(encoding: Encoding, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
}

export function compileEncode(_config: EncodeConfig): Encoder {
  return {
    encodingFor: () => undefined,
    edit() {},
    transform: (_encoding, body) => body,
    whole: (_encoding, bytes) => new Uint8Array(bytes),
  };
}

/** Answers from here on are compressed. */
export class EncodeHandler implements Handler {
  readonly #encoder: Encoder;

  constructor(config: EncodeConfig) {
    this.#encoder = compileEncode(config);
  }

  handle(session: GatewaySession): Outcome | undefined {
    session.ctx.encoder = this.#encoder;
    return undefined;
  }
}
