import type { LiveState, Tick } from "../../observe/live.ts";
import type { Actions } from "./actions.ts";
import { byId, make, setAttribute, setChildren, setHidden, setText } from "./dom.ts";
import { calmSpan, clock } from "./format.ts";
import type { Connection } from "./live-stream.ts";
import { maintenance } from "./maintenance.ts";
import { type Notice, noticesOf, verdictOf } from "./notices.ts";
import { showState } from "./table.ts";

/** The head of the page: whether all is well, what is not, and what can be done about the whole. */
export class HeadView {
  readonly #actions: Actions;
  readonly #reload = byId("reload") as HTMLButtonElement;
  readonly #maintenance = byId("maintenance") as HTMLButtonElement;
  #version: string | undefined;
  #rows = new Map<string, HTMLElement>();

  constructor(actions: Actions, onTokenWanted: () => void) {
    this.#actions = actions;
    for (const id of ["unlock", "connection-token"]) byId(id).addEventListener("click", onTokenWanted);
  }

  show(connection: Connection, state: LiveState | undefined, ticks: readonly Tick[]): void {
    this.#showConnection(connection);
    const isOpen = connection.type === "open";
    document.body.classList.toggle("lost", !isOpen && state !== undefined);
    document.body.classList.toggle("may-write", state?.mayWrite === true && isOpen);
    setHidden(byId("unlock"), state === undefined || state.mayWrite);
    if (state === undefined) return;
    this.#version ??= state.version;
    const notices = [
      ...(state.version === this.#version ? [] : [newerVersion(state.version)]),
      ...noticesOf(state, ticks),
    ];
    this.#showNotices(notices);
    const verdict = isOpen ? verdictOf(notices) : ({ level: "bad", text: "Connection lost" } as const);
    showState(byId("verdict"), verdict.level, verdict.text);
    const title = verdict.level === "ok" ? "gatekeeper" : `${verdict.text} – gatekeeper`;
    if (document.title !== title) document.title = title;
    this.#showFacts(state);
    this.#actions.bind(this.#reload, { text: "Reload", whole: "Reload the configuration" }, RELOAD);
    const { isOn } = state.maintenance;
    const text = isOn ? "End maintenance" : "Begin maintenance";
    this.#actions.bind(this.#maintenance, { text, whole: text }, maintenance(!isOn));
  }

  #showConnection(connection: Connection): void {
    const texts = {
      connecting: "Connecting …",
      open: "",
      lost: connection.type === "lost" ? lostText(connection) : "",
      refused: "This listener tells nothing without its token.",
    } as const;
    setHidden(byId("connection"), connection.type === "open");
    setText(byId("connection-text"), texts[connection.type]);
    setHidden(byId("connection-token"), connection.type !== "refused");
    setAttribute(byId("connection"), "data-level", connection.type === "connecting" ? "info" : "bad");
  }

  #showFacts({ version, pid, startedAt, at, urls }: LiveState): void {
    setText(byId("version"), version);
    setText(byId("pid"), String(pid));
    setText(byId("uptime"), calmSpan(at - startedAt));
    setText(byId("urls"), urls.join(", "));
  }

  #showNotices(notices: readonly Notice[]): void {
    const rows = new Map<string, HTMLElement>();
    for (const { level, text } of notices) {
      const row = this.#rows.get(text) ?? make("li");
      showState(row, level, text);
      rows.set(text, row);
    }
    this.#rows = rows;
    setChildren(byId("notices"), [...rows.values()]);
    setHidden(byId("all-is-well"), notices.length > 0);
  }
}

const RELOAD = { path: "/reload", body: {}, done: "The configuration was reloaded." } as const;

function lostText({ since, why }: Extract<Connection, { type: "lost" }>): string {
  return `The connection to gatekeeper was lost at ${clock(since)} (${why}). What is shown is from before; it is tried again and again.`;
}

function newerVersion(version: string): Notice {
  return { level: "warn", text: `gatekeeper is ${version} by now, and this page is of another version: load it anew.` };
}
