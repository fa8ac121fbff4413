import type { LivePeer } from "../../observe/live.ts";
import { reasonOf } from "../../observe/reasons.ts";
import type { Action, Actions } from "./actions.ts";
import { child, setHidden, setText } from "./dom.ts";
import { count, milliseconds, moment, percent, plural } from "./format.ts";
import { explainedColumn, numberColumn, showState, Table } from "./table.ts";

const LEVELS = { up: "ok", down: "bad", suspect: "warn", draining: "info" } as const;
const WORDS = { up: "up", down: "down", suspect: "suspect", draining: "drained" } as const;

/** Every peer, how it does, and the button that takes it out or back. */
export class PeersTable {
  readonly #table: Table<LivePeer>;
  #now = 0;

  constructor(place: HTMLElement, actions: Actions) {
    this.#table = new Table<LivePeer>(place, {
      caption: "Latency to the head of the answer, of the last minute; the rest since the start.",
      empty: "No upstream is configured.",
      most: 20,
      key: ({ name }) => name,
      columns: [
        explainedColumn(
          "Peer",
          ({ name, upstream }) => [name, upstream === name ? undefined : `of ${upstream}`],
          "wide",
        ),
        { head: "State", fill: (cell, peer) => this.#showState(cell, peer) },
        numberColumn("In flight", ({ inFlight }) => count(inFlight)),
        numberColumn("p50", ({ p50Ms }) => milliseconds(p50Ms)),
        numberColumn("p99", ({ p99Ms }) => milliseconds(p99Ms)),
        numberColumn("Requests", ({ requests }) => count(requests)),
        numberColumn("Failed", ({ failures, requests }) =>
          failures === 0 ? "0" : `${count(failures)} (${percent(failures, requests)})`,
        ),
        explainedColumn("Last error", (peer) => this.#lastError(peer), "wide"),
        {
          head: "Action",
          kind: "action",
          fill: (cell, peer) => {
            const text = peer.isDraining ? "Undrain" : "Drain";
            actions.bind(
              child(cell, "button", "do"),
              { text, whole: `${text} ${peer.name}` },
              draining(peer, !peer.isDraining),
            );
          },
        },
      ],
    });
  }

  show(peers: readonly LivePeer[], now: number): void {
    this.#now = now;
    this.#table.show(peers);
  }

  #showState(cell: HTMLElement, { state, reason, since }: LivePeer): void {
    showState(cell, LEVELS[state], WORDS[state]);
    const why = child(cell, "small", "note");
    const time = state === "down" && since !== undefined ? `since ${moment(since, this.#now)}` : undefined;
    const text = state === "up" ? "" : [time, reason].filter((part) => part !== undefined).join(": ");
    setText(why, text);
    setHidden(why, text === "");
  }

  #lastError({ lastError }: LivePeer): readonly [string, string | undefined] {
    if (lastError === undefined) return ["none", undefined];
    const { sentence, detail } = reasonOf(lastError.reason);
    const time = moment(lastError.at, this.#now);
    return [sentence, detail === undefined ? time : `${time} ${detail}`];
  }
}

function draining({ name, inFlight }: LivePeer, on: boolean): Action {
  const open = inFlight === 0 ? "Nothing is open on it." : `${plural(inFlight, "request")} on it may end.`;
  return {
    path: "/drain",
    body: { type: "drain", peer: name, on },
    done: on ? `${name} is drained: it gets nothing new. ${open}` : `${name} gets requests again.`,
  };
}
