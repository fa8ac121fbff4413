/** Waits before another attempt. False: the client went meanwhile, and it ended with that. */
export function pause(ms: number, client: AbortSignal): Promise<boolean> {
  if (client.aborted) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const leave = (): void => {
    clearTimeout(timer);
    resolve(false);
  };
  const timer = setTimeout(() => {
    client.removeEventListener("abort", leave);
    resolve(true);
  }, ms);
  client.addEventListener("abort", leave, { once: true });
  return promise;
}
