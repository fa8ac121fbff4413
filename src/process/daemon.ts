import type { Problem } from "../config/problem.ts";

/** Set for the process that a command with `--daemon` starts; it is gone from there once that was seen. */
const VARIABLE = "GATEKEEPER_DAEMON";

/** What the process in the background says to the command that started it. */
export type FromDaemon =
  /** It holds its pid file and has become its user; whether it can serve is not known yet. */
  | { readonly type: "begun" }
  | { readonly type: "serving" }
  /** Nothing was started. */
  | { readonly type: "refused"; readonly problems: readonly Problem[] };

/** What the command says: it has taken notice, and goes. */
export interface ToDaemon {
  readonly type: "seen";
}

/** Pingora's, for a daemon's files: its group may do with them what it may, others nothing. */
const UMASK = 0o007;

/** The environment of the process in the background. */
export function daemonEnvironment(): Record<string, string | undefined> {
  return { ...process.env, [VARIABLE]: "1" };
}

/** The command that started this process, if one did so to have it in the background. */
export class Starter {
  readonly #seen = Promise.withResolvers<void>();

  /** Undefined: this process is none in the background. */
  static find(): Starter | undefined {
    if (process.env[VARIABLE] === undefined || process.send === undefined) return undefined;
    // Workers are not to take themselves for it.
    delete process.env[VARIABLE];
    process.umask(UMASK);
    return new Starter();
  }

  private constructor() {
    process.on("message", () => this.#seen.resolve());
    process.on("disconnect", () => this.#seen.resolve());
  }

  begun(): void {
    this.#say({ type: "begun" });
  }

  refused(problems: readonly Problem[]): void {
    this.#say({ type: "refused", problems });
    this.#part();
  }

  /** Says that it serves, and parts. @returns whether the command has heard it, or did not wait for it, within the time */
  async serving(timeoutMs: number): Promise<boolean> {
    this.#say({ type: "serving" });
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, timeoutMs, false);
    const isHeard = await Promise.race([this.#seen.promise.then(() => true), late]);
    clearTimeout(timer);
    this.#part();
    return isHeard;
  }

  #say(message: FromDaemon): void {
    // A command that does not wait has gone.
    if (process.connected) process.send?.(message);
  }

  #part(): void {
    process.removeAllListeners("message");
    if (process.connected) process.disconnect?.();
  }
}
