import { Exchanges, type ExchangesDelta, type ExchangesWish } from "./exchanges.ts";
import { Ledger } from "./ledger.ts";
import { type Counted, newCounted, type RouteDelta, RouteMeter, StatusSlots } from "./route-meter.ts";

/** What a request is counted under whose host is in no route. */
export const OTHER_HOST = "_other";
/** What a request is counted under that no route took. */
export const NO_ROUTE = "_none";

/** What is no longer configured is forgotten past so many: reloads, and names that stand for others, make more for ever. */
export const MOST_GONE = 1_000;

/** What one worker counts, over all its configurations. It is taken, and begins anew, about once a second. */
export class WorkerMeter {
  readonly exchanges = new Exchanges();
  /** Requests that ended: to be counted by `take`, or when they are many. */
  readonly ledger = new Ledger();
  /** To be filled for each request and given to the ledger at once. */
  readonly counted: Counted = newCounted();
  /** Labels of hosts by their numbers; 0 is all that are not configured. */
  readonly hosts: string[] = [OTHER_HOST];
  /** For requests that no route took. */
  readonly noRoute: RouteMeter;
  readonly #statuses = new StatusSlots();
  readonly #routes = new Map<string, RouteMeter>();
  readonly #hostNumbers = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  /** Counts the configurations that served. */
  #revision = 0;

  constructor() {
    this.noRoute = this.route(NO_ROUTE);
  }

  /** The counts of a route of the configuration that is made, the same over reloads. */
  route(key: string): RouteMeter {
    const meter = this.#routes.get(key) ?? new RouteMeter(key, this.#statuses);
    this.#routes.set(key, meter);
    meter.revision = this.#revision + 1;
    return meter;
  }

  /** What was made last serves from now on. */
  onConfigured(): void {
    this.#revision++;
    this.noRoute.revision = this.#revision;
    const gone = [...this.#routes.values()].filter(({ revision }) => revision < this.#revision);
    for (const { key } of gone.slice(0, Math.max(0, gone.length - MOST_GONE))) this.#routes.delete(key);
  }

  /** The number of a configured host, the same over reloads. */
  host(label: string): number {
    const known = this.#hostNumbers.get(label);
    if (known !== undefined) return known;
    const number = this.hosts.push(label) - 1;
    this.#hostNumbers.set(label, number);
    return number;
  }

  onError(reason: string): void {
    this.#errors.set(reason, (this.#errors.get(reason) ?? 0) + 1);
  }

  /** What came since this was last called. */
  take(wish: ExchangesWish): MeterDelta {
    this.ledger.settle();
    const routes: RouteDelta[] = [];
    for (const meter of this.#routes.values()) {
      const delta = meter.take(this.hosts);
      if (delta !== undefined) routes.push(delta);
    }
    const errors = [...this.#errors];
    this.#errors.clear();
    return { routes, errors, exchanges: this.exchanges.take(wish) };
  }
}

/** What came to a worker's counts meanwhile. Plain: it is told to the supervisor. */
export interface MeterDelta {
  /** Those with requests that ended. */
  readonly routes: readonly RouteDelta[];
  /** Reasons, each with its count. */
  readonly errors: readonly (readonly [reason: string, count: number])[];
  readonly exchanges: ExchangesDelta;
}
