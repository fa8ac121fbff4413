import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import { FailureAnswer } from "./failure-answer.ts";
import type { Handler } from "./handler.ts";
import { parseStatus } from "./status.ts";

/** Fails on purpose: the status alone goes to the client, the message to the log (Caddy). */
export class ErrorHandler implements Handler {
  readonly #status: Template;
  readonly #message: Template;

  constructor({ status, message }: Extract<HandlerConfig, { readonly type: "error" }>) {
    this.#status = compileTemplate(status);
    this.#message = compileTemplate(message);
  }

  handle(session: GatewaySession): Response {
    const message = this.#message.of(session);
    return new FailureAnswer(parseStatus(this.#status.of(session)) ?? 500, message, undefined, message);
  }
}
