import { print } from "../output.ts";

/** The other screen, without a cursor. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
/** To the end of a line, and of the screen. */
const CLEAR_LINE = "\u001b[K";
const CLEAR_REST = "\u001b[J";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
const CTRL_C = "\u0003";
/** Standing in where the terminal does not say. */
const SIZE = { columns: 80, rows: 24 };

/** A whole terminal for one program, which is given back as it was, however the program ends. */
export class Terminal implements Disposable {
  /** Told when its size changes. */
  onResize: () => void = () => {};
  readonly #leave: () => void;
  readonly #input = process.stdin;
  readonly #isRaw: boolean;
  #isOpen = true;

  /** @param leave called when its user has enough: `q`, Ctrl-C, a signal, or nobody there any more */
  constructor(leave: () => void) {
    this.#leave = leave;
    this.#isRaw = this.#input.isTTY === true;
    print(ENTER);
    // Also when a bug ends the program: before Bun says what it was.
    process.on("exit", this.#restore);
    process.on("uncaughtExceptionMonitor", this.#restore);
    for (const signal of SIGNALS) process.on(signal, this.#leave);
    process.on("SIGCONT", this.#onContinue);
    process.stdout.on("resize", this.#onSize);
    if (!this.#isRaw) return;
    this.#input.setRawMode(true);
    this.#input.on("data", this.#onKeys);
    this.#input.on("end", this.#leave);
    this.#input.resume();
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // Asked anew: what Bun tells is as old as the last SIGWINCH.
    const [columns, rows] = process.stdout.getWindowSize?.() ?? [];
    return { columns: columns || SIZE.columns, rows: rows || SIZE.rows };
  }

  /** Shows lines in place of what is shown. */
  show(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join("\r\n");
    if (this.#isOpen && !print(`${HOME}${text}${CLEAR_REST}`)) this.#leave();
  }

  [Symbol.dispose](): void {
    this.#restore();
    process.off("exit", this.#restore);
    process.off("uncaughtExceptionMonitor", this.#restore);
    for (const signal of SIGNALS) process.off(signal, this.#leave);
    process.off("SIGCONT", this.#onContinue);
    process.stdout.off("resize", this.#onSize);
    this.#input.off("data", this.#onKeys);
    this.#input.off("end", this.#leave);
    this.#input.pause();
  }

  readonly #restore = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#isRaw) this.#input.setRawMode(false);
    print(LEAVE);
  };

  readonly #onKeys = (keys: Buffer): void => {
    const text = keys.toString("latin1");
    if (/^[qQ]$/.test(text) || text.includes(CTRL_C)) this.#leave();
  };

  readonly #onSize = (): void => this.onResize();

  /** Stopped and continued: somebody else had the terminal meanwhile. */
  readonly #onContinue = (): void => {
    if (this.#isRaw) this.#input.setRawMode(true);
    print(ENTER);
    this.onResize();
  };
}
