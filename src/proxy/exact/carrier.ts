import type { Exchange } from "./exchange.ts";
import type { KnownFields } from "./known-fields.ts";
import type { RepeatedHead } from "./repeated-head.ts";

/** What an exchange needs of its connection. */
export interface Carrier {
  /** Gives how many bytes were taken; -1 when the connection has closed. */
  write(bytes: string | Uint8Array): number;
  pause(): void;
  resume(): void;
  /** The exchange is over, and left the connection fit for another. */
  release(): void;
  /** The exchange is over, and the connection with it. */
  close(): void;
  /** The exchange is broken off: ends the connection at once. */
  terminate(): void;
}

/** What the exchanges with one peer have in common. */
export interface Route {
  readonly known: KnownFields;
  readonly repeated: RepeatedHead;
  /** Is told what the peer says of its idle connections: the value of a Keep-Alive field. */
  onKeepAlive(value: string): void;
  /** Gives an exchange a connection, which begins it. */
  connect(exchange: Exchange): void;
  /** Finds another connection for an exchange whose own had closed unnoticed; never one that was idle. */
  dial(exchange: Exchange): void;
  /** Is told when an exchange that has a ticket no longer waits for an answer. */
  settle(exchange: Exchange): void;
}
