/** One end of a way to speak. What is sent arrives in order, and never before the sender's call is over. */
export interface Channel<Out, In> {
  /** Where the other end is gone it is lost. */
  send(message: Out): void;
  /** Takes what comes from now on, and what came before. One taker. */
  receive(take: (message: In) => void): void;
}

/** A channel within the process: what one end sends the other is given as it is. */
export function memoryChannel<A, B>(): readonly [Channel<A, B>, Channel<B, A>] {
  const first = new Inbox<B>();
  const second = new Inbox<A>();
  return [
    { send: (message) => second.put(message), receive: (take) => first.open(take) },
    { send: (message) => first.put(message), receive: (take) => second.open(take) },
  ];
}

/** Messages that have come, in order, until somebody takes them. */
export class Inbox<In> {
  readonly #waiting: In[] = [];
  #take: ((message: In) => void) | undefined = undefined;

  put(message: In): void {
    this.#waiting.push(message);
    if (this.#take !== undefined) queueMicrotask(this.#giveOne);
  }

  open(take: (message: In) => void): void {
    this.#take = take;
    for (const _ of this.#waiting) queueMicrotask(this.#giveOne);
  }

  readonly #giveOne = (): void => {
    const message = this.#waiting.shift();
    if (message !== undefined) this.#take?.(message);
  };
}
