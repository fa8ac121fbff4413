import type { Exchange } from "../../observe/live.ts";
import { child, setHidden, setText } from "./dom.ts";
import { milliseconds, moment, plural } from "./format.ts";
import { type Column, explainedColumn, numberColumn, Table, textColumn } from "./table.ts";
import { whyOf } from "./why.ts";

/** The status that it ended with, and in words why. */
const WHY: Column<Exchange> = {
  head: "Why",
  kind: "wide",
  fill: (cell, exchange) => {
    const [sentence, detail] = whyOf(exchange);
    const main = child(cell, "span", "main");
    setText(child(main, "b", "status"), String(exchange.status));
    setText(child(main, "span", "why"), ` ${sentence}`);
    const note = child(cell, "small", "note");
    setText(note, detail ?? "");
    setHidden(note, detail === undefined);
  },
};

/** What failed of late and why, and what took longest. */
export class ExchangeTables {
  readonly #failed: Table<Exchange>;
  readonly #slowest: Table<Exchange>;
  #now = 0;

  constructor(failed: HTMLElement, slowest: HTMLElement) {
    const when = textColumn<Exchange>("Ended", ({ at }) => moment(at, this.#now));
    const took = numberColumn<Exchange>("Took", ({ durationMs }) => milliseconds(durationMs));
    const status = numberColumn<Exchange>("Status", ({ status }) => String(status));
    this.#failed = new Table<Exchange>(failed, {
      caption: "Answered 5xx or broken off, the latest first.",
      empty: "No request has failed.",
      most: 8,
      key: keyOf,
      columns: [REQUEST, WHY, explainedColumn("Where", ({ peer, route }) => [peer ?? "at no peer", route]), took, when],
    });
    this.#slowest = new Table<Exchange>(slowest, {
      caption: "Of the last 15 minutes, without WebSockets and event streams.",
      empty: "No request ended in the last 15 minutes.",
      most: 8,
      key: keyOf,
      columns: [REQUEST, took, status, textColumn("Peer", ({ peer }) => peer ?? "none"), when],
    });
  }

  show(failed: readonly Exchange[], slowest: readonly Exchange[], now: number): void {
    this.#now = now;
    this.#failed.show(failed);
    this.#slowest.show(slowest);
  }
}

const REQUEST: Column<Exchange> = {
  head: "Request",
  kind: "wide",
  fill: (cell, { method, host, uri, clientAddress, retries }) => {
    const line = child(cell, "code", "main");
    setText(child(line, "b", "method"), method);
    setText(child(line, "span", "target"), ` ${host}${uri}`);
    const again = retries === 0 ? "" : `, ${plural(retries, "retry", "retries")}`;
    setText(child(cell, "small", "note"), `from ${clientAddress}${again}`);
  },
};

function keyOf({ at, requestId, method, host, uri, clientAddress }: Exchange): string {
  return requestId ?? `${at} ${method} ${host}${uri} ${clientAddress}`;
}
