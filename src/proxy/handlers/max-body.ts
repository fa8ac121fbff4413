import { ProxyError } from "../../core/errors.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler } from "./handler.ts";

/** Limits the request's body. One that says beforehand that it is longer is refused at once (Caddy forwards a part). */
export class MaxBody implements Handler {
  readonly #bytes: number;

  /** @param bytes 0 is no limit */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  handle(session: GatewaySession): ProxyError | undefined {
    session.maxRequestBodyBytes = this.#bytes;
    if (this.#bytes > 0 && Number(session.request.headers.get("content-length") ?? 0) > this.#bytes) {
      return new ProxyError("payload_too_large", "the body is larger than the route's limit");
    }
    return undefined;
  }
}
