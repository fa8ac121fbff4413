import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { AppliedEdits } from "./answer-edits.ts";
import { type Handler, PASS_ON } from "./handler.ts";
import { parseStatus } from "./status.ts";

/** Passes the upstream's answer on, with another status where one is given (Caddy's `copy_response`). */
export class CopyResponse implements Handler {
  readonly #status: Template;

  constructor({ status }: Extract<HandlerConfig, { readonly type: "copy_response" }>) {
    this.#status = compileTemplate(status);
  }

  handle(session: GatewaySession): typeof PASS_ON {
    const { answered } = session.ctx;
    const status = parseStatus(this.#status.of(session));
    if (answered !== undefined && status !== undefined) answered.status = status;
    return PASS_ON;
  }
}

/** Fields that speak of the upstream's own body, which is not sent. */
const OF_ITS_BODY: ReadonlySet<string> = new Set(["content-length", "content-encoding", "content-range", "digest"]);

/** Has fields of the upstream's answer stand on the one that is made in its place (Caddy's `copy_response_headers`). */
export class CopyResponseHeaders implements Handler {
  readonly #names: ReadonlySet<string>;
  readonly #except: boolean;

  constructor({ fields, except }: Extract<HandlerConfig, { readonly type: "copy_response_headers" }>) {
    this.#names = new Set(fields.map((field) => field.toLowerCase()));
    this.#except = except;
  }

  handle(session: GatewaySession): undefined {
    const { answered } = session.ctx;
    if (answered === undefined) return;
    const copied = [...answered.headers].filter(
      ([name]) => this.#names.has(name) !== this.#except && !OF_ITS_BODY.has(name),
    );
    const edit: AppliedEdits = {
      deferred: false,
      apply(headers) {
        for (const [name, value] of copied) headers.append(name, value);
      },
    };
    (session.ctx.edits ??= []).push(edit);
  }
}
