import { lstatSync } from "node:fs";
import type { Config } from "../config/model.ts";
import type { ControlState } from "./controls.ts";
import { listenerNames } from "./listener-names.ts";
import { type ListeningAt, portsOf, type Sharing } from "./sharing.ts";
import { afterStep, type Predecessor, type TakingOver, type TakingOverEvent } from "./taking-over.ts";

/** A process that serves answers at once. */
const ANSWER_TIMEOUT_MS = 5_000;

/** A start with `--upgrade`: takes the place of the process that listens on the upgrade socket. */
export class TakeOver {
  readonly #path: string;
  readonly #uid: number;
  #state: TakingOver = { at: "asking" };

  /** @param uid the user that this process is, and the other one has to be */
  constructor(path: string, uid: number) {
    this.#path = path;
    this.#uid = uid;
  }

  get state(): TakingOver {
    return this.#state;
  }

  /** Step 1. */
  async ask(): Promise<void> {
    const fault = socketFault(this.#path, this.#uid);
    if (fault !== undefined) return this.#go({ type: "failed", reason: fault });
    try {
      const answer = await this.#fetch("/", "GET");
      this.#go({ type: "found", predecessor: (await answer.json()) as Predecessor });
    } catch {
      this.#go({ type: "failed", reason: `nobody answers on ${this.#path}` });
    }
  }

  /** What the listeners of a configuration share with the other process until that one goes. */
  sharing(config: Config): Sharing {
    const state = this.#state;
    if (state.at !== "opening") throw new Error(`no listeners are opened while ${state.at}`);
    return sharingWith(state.predecessor.listeningAt, config);
  }

  /** The other one, once it has answered. */
  get predecessor(): Predecessor | undefined {
    return "predecessor" in this.#state ? this.#state.predecessor : undefined;
  }

  /** What a person switched in the other process. */
  get controls(): ControlState | undefined {
    return this.#state.at === "opening" ? this.#state.predecessor.controls : undefined;
  }

  /** Step 2 is done: everything listens. Step 3: has the other one go. */
  async tell(): Promise<void> {
    this.#go({ type: "listening" });
    try {
      const answer = await this.#fetch(`/hand-over?pid=${process.pid}`, "POST");
      this.#go(answer.status === 202 ? { type: "agreed" } : { type: "failed", reason: await answer.text() });
    } catch (error) {
      // One that hangs may come to itself again: then two would serve, and the next upgrade would not know of it.
      const isLate = error instanceof Error && error.name === "TimeoutError";
      this.#go(isLate ? { type: "failed", reason: "the running process does not react" } : { type: "gone" });
    }
  }

  #go(event: TakingOverEvent): void {
    this.#state = afterStep(this.#state, event);
  }

  #fetch(path: string, method: string): Promise<Response> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    return fetch(`http://gatekeeper${path}`, { method, unix: this.#path, proxy: false, signal });
  }
}

/** Why nobody is to be asked there: in /tmp anyone can make a socket of that name. */
function socketFault(path: string, uid: number): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return `${path} is not there`;
  if (!stat.isSocket()) return `${path} is no socket`;
  return stat.uid === uid ? undefined : `${path} belongs to another user`;
}

/** A listener is shared where the other process has one of its name, or any on its port. */
export function sharingWith(theirs: ListeningAt, config: Config): Sharing {
  const theirPorts = new Set(
    Object.values(theirs).map((address) => (address.type === "tcp" ? address.port : undefined)),
  );
  const held = [...listenerNames(config.listeners)].filter(
    ([name, { address }]) =>
      theirs[name] !== undefined || (address.type === "tcp" && address.port !== 0 && theirPorts.has(address.port)),
  );
  return { ports: portsOf(theirs), held: held.map(([name]) => name), servesUnixSockets: true };
}
