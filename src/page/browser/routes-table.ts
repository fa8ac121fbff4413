import type { LiveRoute, LiveState } from "../../observe/live.ts";
import { maintenance } from "./maintenance.ts";
import { NO_ROUTE } from "../../observe/metrics/worker-meter.ts";
import type { Actions } from "./actions.ts";
import { child, setHidden, setProperty, setText } from "./dom.ts";
import { count, milliseconds, percent, rate } from "./format.ts";
import { explainedColumn, numberColumn, showState, Table } from "./table.ts";
import { sum } from "./ticks.ts";

/** Every route, what part of the traffic it takes, and the button that closes it. */
export class RoutesTable {
  readonly #table: Table<LiveRoute>;
  #perSecond = 0;
  #closed: ReadonlySet<string> = new Set();

  constructor(place: HTMLElement, actions: Actions) {
    this.#table = new Table<LiveRoute>(place, {
      caption: "Share, rate and latency of the last minute; the rest since the start.",
      empty: "No route has been asked for yet.",
      most: 20,
      key: ({ key }) => key,
      columns: [
        { head: "Route", fill: (cell, route) => this.#showName(cell, route) },
        { head: "Share", fill: (cell, route) => this.#showShare(cell, route) },
        numberColumn("Per second", ({ requestsPerSecond }) => rate(requestsPerSecond)),
        numberColumn("p50", ({ p50Ms }) => milliseconds(p50Ms)),
        numberColumn("p99", ({ p99Ms }) => milliseconds(p99Ms)),
        explainedColumn(
          "Failed",
          ({ errors, requests }) => [
            errors === 0 ? "0" : `${count(errors)} (${percent(errors, requests)})`,
            `of ${count(requests)}`,
          ],
          "number",
        ),
        {
          head: "Action",
          kind: "action",
          fill: (cell, { key }) => {
            const button = child(cell, "button", "do");
            setHidden(button, key === NO_ROUTE);
            const isClosed = this.#closed.has(key);
            const text = isClosed ? "Reopen" : "Close";
            actions.bind(button, { text, whole: `${text} ${key}` }, maintenance(!isClosed, key));
          },
        },
      ],
    });
  }

  show({ routes, maintenance: { routes: closed } }: LiveState): void {
    this.#perSecond = sum(routes, ({ requestsPerSecond }) => requestsPerSecond);
    this.#closed = new Set(closed);
    this.#table.show(routes);
  }

  #showName(cell: HTMLElement, { key }: LiveRoute): void {
    setText(child(cell, "span", "main"), key === NO_ROUTE ? "no route" : key);
    const note = child(cell, "div", "note");
    showState(note, "warn", "maintenance");
    setHidden(note, !this.#closed.has(key));
  }

  #showShare(cell: HTMLElement, { requestsPerSecond }: LiveRoute): void {
    setText(child(cell, "span", "part"), percent(requestsPerSecond, this.#perSecond));
    const part = this.#perSecond === 0 ? 0 : requestsPerSecond / this.#perSecond;
    setProperty(child(cell, "span", "share"), "--part", `${Math.round(100 * part)}%`);
  }
}
