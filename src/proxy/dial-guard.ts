import { ProxyError } from "../core/errors.ts";
import { countDialing } from "../upstream/dialing.ts";
import { probeTcp } from "../upstream/health/probe.ts";
import type { Peer } from "../upstream/peer.ts";

/** So long a connection that was in use is believed to be kept: Node's servers close idle ones after 5 s. */
const BELIEF_MS = 2_000;
/** How much of the dial timeout the probe takes, and the most it takes. */
const PROBE_PART = 0.5;
const MOST_PROBE_MS = 1_000;

/**
 * A limit on dialling for Bun's fetch, which has none and cannot tell dialling from waiting (1.4.5): a peer that
 * swallows SYNs would hold a request for two minutes. An abort signal of its own would cost each request a tenth of
 * its speed, so only attempts that are likely to dial get one: those past the number of requests that were in flight
 * lately. A head that does not come in time proves nothing, the peer may be slow. Where it does not accept a
 * probe either, and every guarded attempt is still dialling, the attempt is ended: nothing of it was sent.
 */
export class DialGuard implements Disposable {
  readonly #peer: Peer;
  readonly #timeoutMs: number;
  readonly #probeMs: number;
  /** Attempts made by `run` that have no head yet. */
  #pending = 0;
  #looking: Promise<Verdict> | undefined = undefined;
  /** So many requests at once are believed to find a connection. */
  #connections = 0;
  /** Most requests at once since the belief was last looked at, and before that. */
  #peak = 0;
  #peakBefore = 0;
  #answersBefore = 0;
  #timer: Timer | undefined = undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.#timeoutMs = peer.address.type === "tcp" ? peer.options.timeouts.dialMs : 0;
    this.#probeMs = Math.min(this.#timeoutMs * PROBE_PART, MOST_PROBE_MS);
  }

  /** Whether the attempt that has just been counted in `peer.inFlight` should be made by `run`. */
  mayDial(): boolean {
    const { inFlight } = this.#peer;
    if (inFlight > this.#peak) this.#peak = inFlight;
    return inFlight > this.#connections && this.#timeoutMs > 0;
  }

  /**
   * Makes an attempt, and ends it when the peer cannot be reached.
   *
   * @throws ProxyError connection_timeout, or what the attempt throws
   */
  async run<T>(client: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { inFlight } = this.#peer;
    let timer: Timer | undefined;
    let timeout: ProxyError | undefined;
    const look = async (): Promise<void> => {
      const verdict = await (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
      if (timer === undefined || verdict === "accepts") return;
      if (verdict === "unsure") {
        timer = setTimeout(look, this.#timeoutMs);
        return;
      }
      timeout = new ProxyError("connection_timeout", `no connection within ${this.#timeoutMs} ms`);
      controller.abort(timeout);
    };
    timer = setTimeout(look, this.#timeoutMs - this.#probeMs);
    // It stays after the head: the client's going ends the body too.
    client.addEventListener("abort", () => controller.abort(client.reason), { once: true });
    if (client.aborted) controller.abort(client.reason);
    this.#pending++;
    try {
      const answer = await attempt(controller.signal);
      this.#believe(inFlight);
      return answer;
    } catch (error) {
      throw timeout ?? error;
    } finally {
      this.#pending--;
      clearTimeout(timer);
      timer = undefined;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One look serves all that wait. */
  async #look(): Promise<Verdict> {
    if ((await probeTcp(this.#peer, this.#probeMs)) === true) return "accepts";
    const dialing = (await countDialing(this.#peer.address)) ?? 0;
    return dialing > 0 && dialing >= this.#pending ? "swallows" : "unsure";
  }

  #believe(connections: number): void {
    if (connections > this.#connections) this.#connections = connections;
    if (this.#timer !== undefined) return;
    this.#answersBefore = -1;
    this.#timer = setInterval(() => this.#doubt(), BELIEF_MS);
    this.#timer.unref();
  }

  /** Connections that were not used lately may be closed; where no answer came, all of them. */
  #doubt(): void {
    const { answers } = this.#peer;
    this.#connections = answers === this.#answersBefore ? 0 : Math.max(this.#peak, this.#peakBefore);
    this.#answersBefore = answers;
    this.#peakBefore = this.#peak;
    this.#peak = 0;
    if (this.#connections === 0) this[Symbol.dispose]();
  }
}

/** Whether a peer accepts connections; "unsure" when it does not, but some attempt may have got one before. */
type Verdict = "accepts" | "swallows" | "unsure";
