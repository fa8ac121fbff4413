import type { ListenAddress } from "../config/model.ts";

/** How the listeners of a worker stand to those of other processes of ours. Listeners go by their names. */
export interface Sharing {
  /** Ports that were chosen already for listeners whose port is 0. */
  readonly ports: Readonly<Record<string, number>>;
  /** Listeners whose address another process of ours has: it is shared with that one, or taken over from it. */
  readonly held: readonly string[];
  /** Unix sockets cannot be shared: the first worker listens on all of them. */
  readonly servesUnixSockets: boolean;
}

/** A worker that is alone. */
export const ALONE: Sharing = { ports: {}, held: [], servesUnixSockets: true };

/** Where each listener really listens, by its name. */
export type ListeningAt = Readonly<Record<string, ListenAddress>>;

/** The ports that the system chose, to be given to others. */
export function portsOf(listening: ListeningAt): Readonly<Record<string, number>> {
  const ports: Record<string, number> = {};
  for (const [name, address] of Object.entries(listening)) if (address.type === "tcp") ports[name] = address.port;
  return ports;
}
