import { byId, setHidden } from "./dom.ts";

const KEY = "gatekeeper.token";

/** The token that the listener wants of those who change things. Kept for as long as the tab is open. */
export class Token {
  readonly #dialog = byId("token-dialog") as HTMLDialogElement;
  readonly #field = byId("token-field") as HTMLInputElement;
  readonly #wrong = byId("token-wrong");
  #value: string | undefined = stored();
  /** Nobody said yet whether it is the right one. */
  #isNew = false;

  get value(): string | undefined {
    return this.#value;
  }

  constructor() {
    byId("token-cancel").addEventListener("click", () => this.#dialog.close(""));
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#dialog.close(this.#field.value.trim());
    });
  }

  /** Asks for it. Resolves with whether there is another one now. */
  async ask(): Promise<boolean> {
    if (this.#dialog.open) return false;
    setHidden(this.#wrong, this.#value === undefined);
    this.#field.value = "";
    this.#dialog.returnValue = "";
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue), { once: true });
    this.#dialog.showModal();
    const value = await promise;
    this.#field.value = "";
    if (value === "") return false;
    this.#value = value;
    this.#isNew = true;
    store(value);
    return true;
  }

  /** Of what was just entered, whether it is the right one; undefined where that was told before. */
  judge(mayWrite: boolean): boolean | undefined {
    if (!this.#isNew) return undefined;
    this.#isNew = false;
    return mayWrite;
  }
}

// A browser may forbid it to keep anything; then the token is known until the page goes.
function stored(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(value: string): void {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    return;
  }
}
