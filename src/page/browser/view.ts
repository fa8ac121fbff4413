import type { History, LiveState, Tick } from "../../observe/live.ts";
import type { Actions } from "./actions.ts";
import { ExchangeTables } from "./exchange-tables.ts";
import { HeadView } from "./head-view.ts";
import { byId, setText } from "./dom.ts";
import { bytes, count, rate } from "./format.ts";
import type { Connection } from "./live-stream.ts";
import { PeersTable } from "./peers-table.ts";
import { Plots } from "./plots.ts";
import { ProcessTables } from "./process-tables.ts";
import { RoutesTable } from "./routes-table.ts";
import { SocketsTable } from "./sockets-table.ts";
import { mergedTicks, pointsOf, recentOf, sum } from "./ticks.ts";

/** Everything that is seen, shown anew when there is news: once a frame, and not at all while nobody looks. */
export class View {
  readonly #head: HeadView;
  readonly #plots = new Plots();
  readonly #peers: PeersTable;
  readonly #routes: RoutesTable;
  readonly #exchanges = new ExchangeTables(byId("failed"), byId("slowest"));
  readonly #sockets = new SocketsTable(byId("sockets"));
  readonly #process = new ProcessTables();
  #ticks: readonly Tick[] = [];
  #state: LiveState | undefined;
  #connection: Connection = { type: "connecting" };
  #isDue = false;

  constructor(actions: Actions, onTokenWanted: () => void) {
    this.#head = new HeadView(actions, onTokenWanted);
    this.#peers = new PeersTable(byId("peers"), actions);
    this.#routes = new RoutesTable(byId("routes"), actions);
  }

  /** Adds to what is known: seconds from before a restart of the process stay. */
  addTicks({ ticks }: History): void {
    this.#ticks = mergedTicks(this.#ticks, ticks);
    this.#due();
  }

  setState(state: LiveState): void {
    this.#state = state;
    this.#due();
  }

  setConnection(connection: Connection): void {
    if (connection.type === this.#connection.type && connection.type !== "lost") return;
    this.#connection = connection;
    this.#due();
  }

  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#show();
    });
  }

  #show(): void {
    const state = this.#state;
    this.#head.show(this.#connection, state, this.#ticks);
    if (state === undefined) return;
    this.#plots.show(pointsOf(this.#ticks, state.startedAt), recentOf(this.#ticks));
    this.#showNow();
    this.#peers.show(state.peers, state.at);
    this.#routes.show(state);
    this.#exchanges.show(state.failed, state.slowest, state.at);
    this.#sockets.show(state.webSockets, state.at);
    this.#process.show(state);
  }

  #showNow(): void {
    const last = this.#ticks.at(-1);
    const recent = this.#ticks.slice(-5).filter(({ at }) => at > (last?.at ?? 0) - 5_000);
    const perSecond = (of: (tick: Tick) => number): number => sum(recent, of) / Math.max(1, recent.length);
    setText(byId("now-in-flight"), count(last?.inFlight ?? 0));
    setText(byId("now-sockets"), count(last?.webSocketsOpen ?? 0));
    setText(byId("now-messages-in"), `${rate(perSecond(({ messagesReceived }) => messagesReceived))}/s`);
    setText(byId("now-messages-out"), `${rate(perSecond(({ messagesSent }) => messagesSent))}/s`);
    setText(byId("now-bytes-in"), `${bytes(perSecond(({ bytesReceived }) => bytesReceived))}/s`);
    setText(byId("now-bytes-out"), `${bytes(perSecond(({ bytesSent }) => bytesSent))}/s`);
  }
}
