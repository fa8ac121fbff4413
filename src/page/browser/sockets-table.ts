import type { LiveWebSocket } from "../../observe/live.ts";
import { inCalmOrder } from "./calm-order.ts";
import { calmSpan, count, rate } from "./format.ts";
import { explainedColumn, numberColumn, Table, textColumn } from "./table.ts";

/** The open WebSockets, busy ones first. */
export class SocketsTable {
  readonly #table: Table<LiveWebSocket>;
  #now = 0;

  constructor(place: HTMLElement) {
    this.#table = new Table<LiveWebSocket>(place, {
      caption: "Messages both ways per second, and in all: from the client, and to it.",
      empty: "No WebSocket is open.",
      key: ({ id }) => id,
      columns: [
        explainedColumn(
          "WebSocket",
          ({ host, path, clientAddress }) => [`${host}${path}`, `from ${clientAddress}`],
          "wide",
        ),
        textColumn("Peer", ({ peer }) => peer),
        numberColumn("Per second", ({ messagesPerSecond }) => rate(messagesPerSecond)),
        numberColumn("From it", ({ messagesReceived }) => count(messagesReceived)),
        numberColumn("To it", ({ messagesSent }) => count(messagesSent)),
        numberColumn("Open for", ({ openedAt }) => calmSpan(this.#now - openedAt)),
      ],
    });
  }

  show(sockets: readonly LiveWebSocket[], now: number): void {
    this.#now = now;
    this.#table.show(inCalmOrder(sockets));
  }
}
