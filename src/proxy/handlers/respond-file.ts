import type { HandlerConfig } from "../../config/routes-model.ts";
import { buffered } from "../bytes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import { FailureAnswer } from "./failure-answer.ts";
import type { Handler } from "./handler.ts";
import { answerStatus, isBodiless } from "./status.ts";

/** Answers with a file that was read at the start. */
export class RespondFile implements Handler {
  readonly #status: Template;
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #type: string;
  readonly #close: boolean;

  constructor({ status, file, close }: Extract<HandlerConfig, { readonly type: "respond_file" }>) {
    this.#status = compileTemplate(status);
    this.#bytes = buffered(file.content);
    this.#type = file.contentType;
    this.#close = close;
  }

  handle(session: GatewaySession): Response {
    const text = this.#status.of(session);
    const status = answerStatus(text, session);
    if (status === undefined) return new FailureAnswer(500, `respond: "${text}" is no status`);
    const headers = new Headers();
    if (this.#close) headers.set("Connection", "close");
    if (isBodiless(status)) return new Response(null, { status, headers });
    headers.set("Content-Type", this.#type);
    headers.set("Content-Length", String(this.#bytes.length));
    return new Response(this.#bytes, { status, headers });
  }
}
