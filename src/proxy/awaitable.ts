/** What a hook may give: the value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value at once where it is there, so that a hook without a promise makes none. */
export function whenDone<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
