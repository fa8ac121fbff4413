import { listenText } from "../config/describe.ts";
import type { ListenerConfig } from "../config/model.ts";

/** Listeners by what they are called: by that they are the same after a reload. Port 0 may be there several times. */
export function listenerNames(listeners: readonly ListenerConfig[]): ReadonlyMap<string, ListenerConfig> {
  const named = new Map<string, ListenerConfig>();
  for (const listener of listeners) {
    const text = listenText(listener.address);
    let name = text;
    for (let count = 2; named.has(name); count++) name = `${text}#${count}`;
    named.set(name, listener);
  }
  return named;
}
