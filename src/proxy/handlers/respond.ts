import type { HandlerConfig } from "../../config/routes-model.ts";
import { buffered } from "../bytes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import { FailureAnswer } from "./failure-answer.ts";
import type { Handler } from "./handler.ts";
import { answerStatus, isBodiless } from "./status.ts";

/** Answers with a text. Its type is JSON where it is an object or an array of it, else plain text (Caddy). */
export class Respond implements Handler {
  readonly #status: Template;
  readonly #body: Template;
  readonly #close: boolean;
  /** By the text as it is written: what a client puts into it must not choose how it is read (Caddy). */
  readonly #type: string;
  /** What is sent, where it is the same for every request. */
  readonly #constant: Content | undefined;

  constructor({ status, body, close }: Extract<HandlerConfig, { readonly type: "respond" }>) {
    this.#status = compileTemplate(status);
    this.#body = compileTemplate(body);
    this.#close = close;
    this.#type = typeOf(body);
    this.#constant = this.#body.constant === undefined ? undefined : this.#contentOf(this.#body.constant);
  }

  handle(session: GatewaySession): Response {
    const text = this.#status.of(session);
    const status = answerStatus(text, session);
    if (status === undefined) return new FailureAnswer(500, `respond: "${text}" is no status`);
    const { bytes, type } = this.#constant ?? this.#contentOf(this.#body.of(session));
    const headers = new Headers();
    if (type !== undefined && status !== 304) headers.set("Content-Type", type);
    if (this.#close) headers.set("Connection", "close");
    if (bytes.length === 0 || isBodiless(status)) return new Response(null, { status, headers });
    // Said here for `encode`, which compresses nothing that is short.
    headers.set("Content-Length", String(bytes.length));
    return new Response(bytes, { status, headers });
  }

  #contentOf(body: string): Content {
    return { bytes: buffered(body), type: body === "" ? undefined : this.#type };
  }
}

interface Content {
  readonly bytes: Buffer<ArrayBuffer>;
  /** Undefined for no content. */
  readonly type: string | undefined;
}

function typeOf(body: string): string {
  return isJson(body) ? "application/json" : "text/plain; charset=utf-8";
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
