import { type Counted, newCounted, type RouteMeter } from "./route-meter.ts";

/** So many requests are counted together. */
const MOST = 256;
/** Numbers of each. */
const STRIDE = 8;

/**
 * Requests that ended and are not counted yet. One is a line in an array here and is done with; counting them together has
 * the counts of routes in the processor's caches, from which a busy proxy has them thrown out between two requests.
 */
export class Ledger {
  readonly #numbers = new Float64Array(MOST * STRIDE);
  readonly #routes: RouteMeter[] = [];
  /** Set anew for each request that is counted. */
  readonly #counted = newCounted();
  #size = 0;

  /** @param one may be another one when this returns */
  add(route: RouteMeter, one: Readonly<Counted>): void {
    const numbers = this.#numbers;
    const at = this.#size * STRIDE;
    this.#routes[this.#size++] = route;
    numbers[at] = one.host;
    numbers[at + 1] = one.status;
    numbers[at + 2] = one.isFailed ? 1 : 0;
    numbers[at + 3] = one.tookMs;
    numbers[at + 4] = one.bytesReceived;
    numbers[at + 5] = one.bytesSent;
    numbers[at + 6] = one.retries;
    if (this.#size === MOST) this.settle();
  }

  /** Counts them. */
  settle(): void {
    const numbers = this.#numbers;
    const counted = this.#counted;
    for (let i = 0; i < this.#size; i++) {
      const at = i * STRIDE;
      counted.host = numbers[at] ?? 0;
      counted.status = numbers[at + 1] ?? 0;
      counted.isFailed = numbers[at + 2] === 1;
      counted.tookMs = numbers[at + 3] ?? 0;
      counted.bytesReceived = numbers[at + 4] ?? 0;
      counted.bytesSent = numbers[at + 5] ?? 0;
      counted.retries = numbers[at + 6] ?? 0;
      this.#routes[i]?.add(counted);
    }
    this.#size = 0;
  }
}
