import { byId, setAttribute, setText } from "./dom.ts";
import { clock } from "./format.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { Token } from "./token.ts";

export interface Action {
  readonly path: "/reload" | "/maintenance" | "/drain";
  readonly body: unknown;
  /** What is said when it is done. */
  readonly done: string;
  /** Asked before; undefined: it is done at once. */
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

/** What the page has the process do. What came of it is said, to be read and to be heard. */
export class Actions {
  readonly #token: Token;
  /** The token is another one now. */
  readonly #onToken: () => void;
  readonly #said = byId("said");
  readonly #dialog = byId("confirm-dialog") as HTMLDialogElement;

  constructor(token: Token, onToken: () => void) {
    this.#token = token;
    this.#onToken = onToken;
    byId("confirm-no").addEventListener("click", () => this.#dialog.close("no"));
    byId("confirm-yes").addEventListener("click", () => this.#dialog.close("yes"));
  }

  /** Makes a button do it. Called again with what it is to do next time; it keeps its focus. */
  bind(button: HTMLButtonElement, label: { readonly text: string; readonly whole: string }, action: Action): void {
    setText(button, label.text);
    setAttribute(button, "aria-label", label.whole);
    button.onclick = (): void => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      void this.#do(action).finally(() => button.removeAttribute("aria-disabled"));
    };
  }

  async #do(action: Action): Promise<void> {
    if (action.confirm !== undefined && !(await this.#isMeant(action.confirm))) return;
    const outcome = await this.#send(action).catch((error: unknown): Outcome => {
      return { isDone: false, text: `Not done: gatekeeper did not answer (${String(error)}).` };
    });
    this.say(outcome);
  }

  say({ isDone, text }: Outcome): void {
    setAttribute(this.#said, "data-level", isDone ? "ok" : "bad");
    // With the time, which also makes the same words news when they are said again.
    setText(this.#said, `${clock(Date.now())} ${text}`);
  }

  async #isMeant({ title, text, yes }: NonNullable<Action["confirm"]>): Promise<boolean> {
    setText(byId("confirm-title"), title);
    setText(byId("confirm-text"), text);
    setText(byId("confirm-yes"), yes);
    this.#dialog.returnValue = "no";
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "yes"), { once: true });
    this.#dialog.showModal();
    return await promise;
  }

  async #send(action: Action): Promise<Outcome> {
    for (;;) {
      const answer = await fetch(action.path, {
        method: "POST",
        credentials: this.#token.value === undefined ? "same-origin" : "omit",
        headers: {
          "Content-Type": "application/json",
          ...(this.#token.value !== undefined && { Authorization: `Bearer ${this.#token.value}` }),
        },
        body: JSON.stringify(action.body),
      });
      if (answer.status === 401) {
        if (!(await this.#token.ask())) return { isDone: false, text: "Not done: it needs the token." };
        // The next answer tells whether it is the right one.
        this.#token.judge(true);
        this.#onToken();
        continue;
      }
      const body = jsonOf(await answer.text());
      return outcomeOf({ status: answer.status, body, done: action.done });
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
