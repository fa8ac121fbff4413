import { ProxyError } from "../core/errors.ts";
import { mayClimb } from "../core/target.ts";
import type { RouteMeter } from "../observe/metrics/route-meter.ts";
import type { RouteIndex } from "../routing/route-index.ts";
import type { Awaitable } from "./awaitable.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { AccessLogHandler } from "./handlers/access-log.ts";
import type { Handler, Outcome } from "./handlers/handler.ts";
import { CLOSED, type Maintenance, type MaintenanceNotice } from "./maintenance.ts";

/** One `RouteConfig`, compiled. */
export interface CompiledRoute {
  /** The names of the routes around it and its own. */
  readonly key: string;
  readonly handlers: readonly Handler[];
  /** Where its requests are counted; undefined where nothing is. */
  readonly meter: RouteMeter | undefined;
  /** When it matched, no further route of its list is looked at. */
  readonly terminal: boolean;
}

/** Routes that are gone through in order, compiled; a handler too, since routes stand within routes. Immutable. */
export class RouteList implements Handler {
  readonly index: RouteIndex<CompiledRoute>;
  readonly #maintenance: Maintenance;

  constructor(index: RouteIndex<CompiledRoute>, maintenance: Maintenance) {
    this.index = index;
    this.#maintenance = maintenance;
  }

  /** Undefined when no route answered or forwarded. */
  handle(session: GatewaySession): Awaitable<Outcome | undefined> {
    return this.#from(0, session);
  }

  /** What comes after a route of this list, where that did neither answer nor forward after all. */
  after(number: number, session: GatewaySession): Awaitable<Outcome | undefined> {
    return this.index.value(number).terminal ? undefined : this.#from(number + 1, session);
  }

  /**
   * Has a request logged that is answered before its route is looked for, as the first route would that has a log and does
   * anything besides; what only logs holds for those after it. False where no route has a log.
   */
  log(session: GatewaySession): boolean {
    const { index } = this;
    let isLogged = false;
    for (const number of index.candidates(session)) {
      const { handlers } = index.value(number);
      if (!index.matches(number, session) || !logs(session, handlers)) continue;
      isLogged = true;
      if (handlers.some((handler) => !(handler instanceof AccessLogHandler))) return true;
    }
    return isLogged;
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
      const notice = this.#maintenance.routes?.get(route.key);
      if (notice !== undefined) return closed(session, notice, route);
      const outcome = runHandlers(route.handlers, 0, session);
      if (outcome instanceof Promise) {
        return outcome.then((settled) => {
          if (settled === undefined) return route.terminal ? undefined : this.#from(number + 1, session);
          session.ctx.taken ??= route;
          return settled;
        });
      }
      if (outcome !== undefined) {
        session.ctx.taken ??= route;
        return outcome;
      }
      if (route.terminal) return undefined;
      // What the index was asked for has changed: the routes that are left are other ones.
      if (session.revision !== revision) return this.#from(number + 1, session);
    }
    return undefined;
  }
}

/** A route in maintenance does nothing but log. */
function closed(session: GatewaySession, notice: MaintenanceNotice, route: CompiledRoute): ProxyError {
  session.ctx.notice = notice;
  session.ctx.taken ??= route;
  logs(session, route.handlers);
  return CLOSED;
}

function logs(session: GatewaySession, handlers: readonly Handler[]): boolean {
  for (const handler of handlers) {
    if (handler instanceof AccessLogHandler) handler.handle(session);
    else if (!(handler instanceof RouteList) || !handler.log(session)) continue;
    return true;
  }
  return false;
}

/** Runs handlers from the `first` on, until one answers or forwards. */
export function runHandlers(
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
