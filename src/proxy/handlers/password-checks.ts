import { availableParallelism } from "node:os";

/** Passwords that were right are remembered, so that bcrypt is not paid for with every request (Caddy's hash cache). */
const MOST_REMEMBERED = 1000;
/** More than so many waiting is a flood, which is turned away: they would not be served in time anyway. */
const MOST_WAITING = 100;
/** What bcrypt looks at. Bun would hash what is longer first, which no other program does (1.4.5). */
const BCRYPT_BYTES = 72;

/** What came of comparing a password: `busy` when too many are waiting for theirs. */
export type Verdict = "right" | "wrong" | "busy";

/**
 * Compares passwords with bcrypt hashes, off the main thread and few at a time, so that a flood of wrong ones cannot eat
 * the machine. Equal ones that come at the same time are compared once. Right ones are remembered by a keyed hash
 * whose key this process alone has: neither a password nor anything it could be guessed from stays in memory.
 */
export class PasswordChecks {
  readonly #key = crypto.getRandomValues(new Uint8Array(32));
  readonly #right = new Set<string>();
  readonly #running = new Map<string, Promise<Verdict>>();
  readonly #waiting: (() => void)[] = [];
  /** Half of the processors, for the rest of the work has to go on. */
  #free = Math.max(1, Math.floor(availableParallelism() / 2));

  /** @param password its bytes */
  verify(password: Uint8Array, hash: string): Verdict | Promise<Verdict> {
    const key = new Bun.CryptoHasher("sha256", this.#key).update(hash).update("\0").update(password).digest("base64");
    if (this.#right.delete(key)) {
      // Behind all others: the one that was not asked for longest goes first.
      this.#right.add(key);
      return "right";
    }
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    // Bun takes no empty password (1.4.5), and nobody should have one.
    if (password.length === 0) return "wrong";
    if (this.#waiting.length >= MOST_WAITING) return "busy";
    const verdict = this.#compare(password.subarray(0, BCRYPT_BYTES), hash, key);
    this.#running.set(key, verdict);
    void verdict.then(() => this.#running.delete(key));
    return verdict;
  }

  async #compare(password: Uint8Array, hash: string, key: string): Promise<Verdict> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => void this.#waiting.push(go));
    try {
      if (!(await Bun.password.verify(password, hash, "bcrypt"))) return "wrong";
      this.#remember(key);
      return "right";
    } catch {
      // No bcrypt hash: the configuration is checked for that.
      return "wrong";
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #remember(key: string): void {
    const [oldest] = this.#right;
    if (this.#right.size >= MOST_REMEMBERED && oldest !== undefined) this.#right.delete(oldest);
    this.#right.add(key);
  }
}
