import { ProxyError } from "../core/errors.ts";
import { mayClimb } from "../core/target.ts";
import type { RouteIndex } from "../routing/route-index.ts";
import type { Awaitable } from "./awaitable.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import type { Handler, Outcome } from "./handlers/handler.ts";

/** One `RouteConfig`, compiled. */
export interface CompiledRoute {
  readonly name: string;
  readonly handlers: readonly Handler[];
  /** When it matched, no further route of its list is looked at. */
  readonly terminal: boolean;
}

/** Routes that are gone through in order, compiled; a handler too, since routes stand within routes. Immutable. */
export class RouteList implements Handler {
  readonly index: RouteIndex<CompiledRoute>;

  constructor(index: RouteIndex<CompiledRoute>) {
    this.index = index;
  }

  /** Undefined when no route answered or forwarded. */
  handle(session: GatewaySession): Awaitable<Outcome | undefined> {
    return this.#from(0, session);
  }

  /** Goes through the routes from the `first` on. */
  #from(first: number, session: GatewaySession): Awaitable<Outcome | undefined> {
    const { index } = this;
    if (index.readsPath && mayClimb(session.path)) return ESCAPES;
    const { revision } = session;
    const candidates = index.candidates(session);
    for (const number of candidates) {
      if (number < first || !index.matches(number, session)) continue;
      const route = index.value(number);
      const outcome = runHandlers(route.handlers, 0, session);
      if (outcome instanceof Promise) {
        return outcome.then((settled) => settled ?? (route.terminal ? undefined : this.#from(number + 1, session)));
      }
      if (outcome !== undefined) return outcome;
      if (route.terminal) return undefined;
      // What the index was asked for has changed: the routes that are left are other ones.
      if (session.revision !== revision) return this.#from(number + 1, session);
    }
    return undefined;
  }
}

function runHandlers(
  handlers: readonly Handler[],
  first: number,
  session: GatewaySession,
): Awaitable<Outcome | undefined> {
  for (let i = first; i < handlers.length; i++) {
    const outcome = handlers[i]?.handle(session);
    if (outcome instanceof Promise) return outcome.then((settled) => settled ?? runHandlers(handlers, i + 1, session));
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

const ESCAPES = new ProxyError("invalid_target", "the path could be read as another one than the routes see");
