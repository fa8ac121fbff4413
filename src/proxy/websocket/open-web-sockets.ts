import type { LiveWebSocket } from "../../observe/live.ts";
import type { Session } from "../session.ts";
import type { Traffic } from "./traffic.ts";

/** More are only counted. */
const MOST_TOLD = 100;

interface Open {
  readonly id: string;
  readonly session: Session;
  readonly traffic: Readonly<Traffic>;
  /** By `Date.now()`. */
  readonly openedAt: number;
  /** Messages both ways when this was last told. */
  toldMessages: number;
}

/** The WebSockets of a worker while they are open, for who watches, and their messages over all that there were. */
export class OpenWebSockets {
  readonly #open = new Map<Readonly<Traffic>, Open>();
  #opened = 0;
  /** Of those that are over. */
  #closedReceived = 0;
  #closedSent = 0;
  /** Of all, when they were last taken. */
  #takenReceived = 0;
  #takenSent = 0;
  /** When they were last told, by `performance.now()`. */
  #toldAt = Number.NaN;

  get size(): number {
    return this.#open.size;
  }

  add(session: Session, traffic: Readonly<Traffic>, openedAt: number): void {
    const id = (++this.#opened).toString(36);
    this.#open.set(traffic, { id, session, traffic, openedAt, toldMessages: 0 });
  }

  delete(traffic: Readonly<Traffic>): void {
    if (!this.#open.delete(traffic)) return;
    this.#closedReceived += traffic.messagesReceived;
    this.#closedSent += traffic.messagesSent;
  }

  /** Messages since this was last asked. */
  takeMessages(): { readonly messagesReceived: number; readonly messagesSent: number } {
    let received = this.#closedReceived;
    let sent = this.#closedSent;
    for (const { messagesReceived, messagesSent } of this.#open.keys()) {
      received += messagesReceived;
      sent += messagesSent;
    }
    const taken = { messagesReceived: received - this.#takenReceived, messagesSent: sent - this.#takenSent };
    this.#takenReceived = received;
    this.#takenSent = sent;
    return taken;
  }

  /**
   * The busiest since this was last called, at most a hundred; the first time, since each was opened.
   *
   * @param now by `performance.now()` @param at since 1970
   */
  tell(now: number, at: number): readonly LiveWebSocket[] {
    const sinceMs = now - this.#toldAt;
    this.#toldAt = now;
    const all = [...this.#open.values()].map((open) => {
      const { messagesReceived, messagesSent } = open.traffic;
      const messages = messagesReceived + messagesSent;
      const openMs = Math.max(1, at - open.openedAt);
      const lastedMs = Number.isNaN(sinceMs) ? openMs : Math.min(sinceMs, openMs);
      const messagesPerSecond = ((messages - open.toldMessages) * 1_000) / Math.max(1, lastedMs);
      open.toldMessages = messages;
      return { open, messagesPerSecond };
    });
    const busiest = all.sort((a, b) => b.messagesPerSecond - a.messagesPerSecond).slice(0, MOST_TOLD);
    return busiest.map(({ open, messagesPerSecond }) => live(open, messagesPerSecond));
  }
}

function live({ id, session, traffic, openedAt }: Open, messagesPerSecond: number): LiveWebSocket {
  const { messagesReceived, messagesSent } = traffic;
  return {
    id,
    clientAddress: session.clientAddress,
    host: session.host ?? "",
    path: session.path,
    peer: session.peer?.name ?? "",
    openedAt,
    messagesReceived,
    messagesSent,
    messagesPerSecond,
  };
}
