import type { LiveCertificate, LiveState, LiveWorker } from "../../observe/live.ts";
import { byId, setText } from "./dom.ts";
import { bytes, count, day, moment, plural } from "./format.ts";
import { explainedColumn, numberColumn, showState, Table } from "./table.ts";

const DAY_MS = 24 * 60 * 60_000;

/** The process itself: its workers, its reloads, its certificates. */
export class ProcessTables {
  readonly #workers: Table<LiveWorker>;
  readonly #certificates: Table<LiveCertificate>;
  #now = 0;

  constructor() {
    this.#workers = new Table<LiveWorker>(byId("workers"), {
      caption: "What serves, with what it has in memory.",
      empty: "No worker is there yet.",
      key: ({ worker }) => String(worker),
      columns: [
        explainedColumn("Worker", ({ worker, pid }) => [String(worker), `process ${pid}`]),
        {
          head: "State",
          fill: (cell, { isServing }) =>
            showState(cell, isServing ? "ok" : "bad", isServing ? "serves" : "does not serve"),
        },
        numberColumn("In flight", ({ inFlight }) => count(inFlight)),
        numberColumn("Memory", ({ rssBytes }) => bytes(rssBytes)),
        numberColumn("Restarts", ({ restarts }) => count(restarts)),
      ],
    });
    this.#certificates = new Table<LiveCertificate>(byId("certificates"), {
      caption: "What the listeners show to clients.",
      empty: "No listener speaks TLS.",
      key: ({ file }) => file,
      columns: [
        explainedColumn("Names", ({ names, file }) => [names.length === 0 ? file : names.join(", "), file], "wide"),
        { head: "State", fill: (cell, certificate) => this.#showCertificate(cell, certificate) },
        numberColumn("Ends", ({ notAfter }) => day(notAfter)),
      ],
    });
  }

  show({ at, workers, certificates, reload }: LiveState): void {
    this.#now = at;
    this.#workers.show(workers);
    this.#certificates.show(certificates);
    setText(byId("reloads"), reloadText(reload, at));
  }

  #showCertificate(cell: HTMLElement, { notAfter }: LiveCertificate): void {
    const days = Math.floor((notAfter - this.#now) / DAY_MS);
    if (days < 0) showState(cell, "bad", "past its end");
    else showState(cell, days < 7 ? "bad" : days < 21 ? "warn" : "ok", `${plural(days, "day")} left`);
  }
}

export function reloadText({ count: times, last }: LiveState["reload"], now: number): string {
  if (last === undefined) return "Not reloaded: it serves by the configuration it started with.";
  const when = moment(last.at, now);
  if (last.isReloaded) return `Reloaded ${plural(times, "time")}, last at ${when}.`;
  const before = times === 0 ? "" : ` Before, it was reloaded ${plural(times, "time")}.`;
  return `The last reload, at ${when}, was refused: ${last.reason ?? "the log says why"}.${before}`;
}
