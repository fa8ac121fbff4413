/** A request that may have to wait before it is sent. */
export interface Admitted {
  /** The count that it is part of; -1 where it is part of none. The gate's own. */
  ticket: number;
  /** Nobody waits for its answer any more. */
  readonly isOver: boolean;
}

/** So many requests of a worker to one peer wait at once for the head of their answer, as long as heads keep coming. */
const MOST_AWAITED = 100;

/** In so many turns of the event loop at least half as many heads come where the upstream keeps pace with us. */
const TURNS = 8;

/** So many that have gone are held on to among those that wait. */
const MOST_GONE = 256;

/**
 * The gate before a peer's connections. Where clients ask faster than this worker can serve, it lets a hundred requests be
 * under way and the others wait their turn, first come, first served: a hundred connections that are used again and
 * again take less time than a thousand that have all left the processor's cache.
 *
 * It is no limit on slow upstreams. It looks once in each turn of the event loop, and as soon as a turn brought no head, or
 * eight of them fewer than fifty, whoever is under way is taken for slow and no longer counted, and the next hundred go.
 * Such turns have little to do: a thousand requests that no answer comes to are all sent within a millisecond or two.
 */
export class AdmissionGate<T extends Admitted> {
  readonly #send: (request: T) => void;
  /** Who has another ticket is not counted. */
  #count = 0;
  #awaited = 0;
  /** In the order in which they came, from `#first` on. */
  #waiting: T[] = [];
  #first = 0;
  #isLooking = false;
  #turns = 0;
  /** Heads in these turns, and up to the last of them. */
  #heads = 0;
  #headsBefore = 0;

  /** `send` sends a request that may go. */
  constructor(send: (request: T) => void) {
    this.#send = send;
  }

  /** Sends it now, or when it is its turn. */
  enter(request: T): void {
    if (this.#awaited < MOST_AWAITED) return this.#admit(request);
    this.#waiting.push(request);
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#turns = 0;
    this.#heads = 0;
    this.#headsBefore = 0;
    setImmediate(this.#look);
  }

  /** Its answer has begun, or will not come. To be told once of each that was sent. */
  settle(request: T): void {
    const { ticket } = request;
    request.ticket = -1;
    this.#heads++;
    if (ticket !== this.#count) return;
    this.#awaited--;
    if (this.#waiting.length > 0) this.#admitWaiting();
  }

  #admit(request: T): void {
    this.#awaited++;
    request.ticket = this.#count;
    this.#send(request);
  }

  #admitWaiting(): void {
    while (this.#awaited < MOST_AWAITED) {
      const next = this.#waiting[this.#first];
      if (next === undefined) break;
      this.#first++;
      // Not one by one: that would move all the others each time.
      if (this.#first === this.#waiting.length || this.#first === MOST_GONE) {
        this.#waiting.splice(0, this.#first);
        this.#first = 0;
      }
      if (!next.isOver) this.#admit(next);
    }
  }

  readonly #look = (): void => {
    this.#isLooking = this.#waiting.length > 0;
    if (!this.#isLooking) return;
    const isLast = ++this.#turns === TURNS;
    if (this.#heads === this.#headsBefore || (isLast && this.#heads < MOST_AWAITED / 2)) {
      this.#count++;
      this.#awaited = 0;
      this.#admitWaiting();
    }
    if (isLast) {
      this.#turns = 0;
      this.#heads = 0;
    }
    this.#headsBefore = this.#heads;
    setImmediate(this.#look);
  };
}
