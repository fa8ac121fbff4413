import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { Handler } from "./handler.ts";
import { encodePath, encodeQuery, retarget } from "./target.ts";

/** Replaces a text in the path, and in the query, as they are spelled; the limit counts for each of them (Caddy). */
export class Replace implements Handler {
  readonly #find: Template;
  readonly #with: Template;
  readonly #limit: number;

  constructor(config: Extract<HandlerConfig, { readonly type: "replace" }>) {
    this.#find = compileTemplate(config.find);
    this.#with = compileTemplate(config.with);
    this.#limit = config.limit;
  }

  handle(session: GatewaySession): undefined {
    const find = this.#find.of(session);
    if (find === "" || !session.target.includes(find)) return;
    const text = this.#with.of(session);
    const { path, target } = session;
    const rest = target.slice(path.length);
    const query = rest === "" ? "" : `?${this.#replaced(rest.slice(1), find, encodeQuery(text))}`;
    retarget(session, this.#replaced(path, find, encodePath(text)), query);
  }

  #replaced(subject: string, find: string, text: string): string {
    const pieces = subject.split(find);
    const most = this.#limit > 0 ? this.#limit : Number.POSITIVE_INFINITY;
    return pieces.reduce((before, piece, i) => before + (i <= most ? text : find) + piece);
  }
}
