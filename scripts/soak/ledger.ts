import { WrongContent } from "./payload.ts";

/** How late what a mishap breaks may be noticed. */
const SETTLE_MS = 1_000;
/** Reasons that are kept word for word, of each kind. */
const MOST_REASONS = 20;

/** What came of one kind of load. */
export interface Account {
  readonly kind: string;
  done: number;
  /** Bytes whose checksum was right. */
  bytes: number;
  /** Failures at a time when something was broken on purpose. */
  excused: number;
  /** Everything else that failed. */
  failed: number;
}

interface Window {
  readonly from: number;
  until: number;
}

/** What was done, what failed, and when failures had to be expected. */
export class Ledger {
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();
  readonly #windows: Window[] = [];
  /** How often each reason was given. */
  readonly excused = new Map<string, number>();
  readonly failures: string[] = [];

  /** @param now milliseconds since the load began */
  constructor(now: () => number) {
    this.#now = now;
  }

  get accounts(): readonly Account[] {
    return [...this.#accounts.values()];
  }

  /** For so long failures had to be expected, altogether. */
  get windowsMs(): number {
    return this.#windows.reduce((sum, { from, until }) => sum + Math.min(until, this.#now()) - from, 0);
  }

  done(kind: string, bytes: number): void {
    const account = this.#accountOf(kind);
    account.done++;
    account.bytes += bytes;
  }

  /** Something failed just now. */
  failed(kind: string, error: unknown): void {
    const account = this.#accountOf(kind);
    const at = this.#now();
    // Bun adds advice to a programmer.
    const [words = ""] = (error instanceof Error ? error.message : String(error)).split(" For more information");
    const isInWindow = this.#windows.some(({ from, until }) => from <= at && at <= until);
    if (isInWindow && !(error instanceof WrongContent)) {
      account.excused++;
      const reason = `${kind}: ${words.replaceAll(/\d+/g, "N")}`;
      this.excused.set(reason, (this.excused.get(reason) ?? 0) + 1);
      return;
    }
    account.failed++;
    if (this.failures.length < MOST_REASONS) this.failures.push(`${(at / 1000).toFixed(1)} s: ${kind}: ${words}`);
  }

  /** Something is broken on purpose until the result is disposed of; what it breaks is noticed a little later. */
  expectFailures(): Disposable {
    const window: Window = { from: this.#now(), until: Number.POSITIVE_INFINITY };
    this.#windows.push(window);
    return { [Symbol.dispose]: () => void (window.until = this.#now() + SETTLE_MS) };
  }

  #accountOf(kind: string): Account {
    const known = this.#accounts.get(kind);
    if (known !== undefined) return known;
    const account: Account = { kind, done: 0, bytes: 0, excused: 0, failed: 0 };
    this.#accounts.set(kind, account);
    return account;
  }
}
