import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import { FailureAnswer } from "./failure-answer.ts";
import { setField } from "./field-edits.ts";
import type { Handler } from "./handler.ts";
import { parseStatus } from "./status.ts";

/** Sends the client elsewhere. */
export class Redirect implements Handler {
  readonly #to: Template;
  readonly #status: Template;
  /** True for a configured `//host/…`. */
  readonly #isToHost: boolean;

  constructor({ to, status }: Extract<HandlerConfig, { readonly type: "redirect" }>) {
    this.#to = compileTemplate(to);
    this.#status = compileTemplate(status);
    this.#isToHost = to.startsWith("//");
  }

  handle(session: GatewaySession): Response {
    const headers = new Headers();
    setField(headers, "Location", this.#location(session));
    const text = this.#status.of(session);
    const status = parseStatus(text);
    return status === undefined
      ? new FailureAnswer(500, `redirect: "${text}" is no status`, headers)
      : new Response(null, { status, headers });
  }

  /** A path of the client's that begins with `//` must not become another host (an open redirect). */
  #location(session: GatewaySession): string {
    const to = this.#to.of(session);
    return this.#isToHost || this.#to.constant !== undefined ? to : to.replace(/^\/[/\\]+/, "/");
  }
}
