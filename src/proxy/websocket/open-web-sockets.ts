import type { LiveWebSocket } from "../../observe/live.ts";
import type { Session } from "../session.ts";
import type { Traffic } from "./traffic.ts";

/** More are only counted. */
const MOST_TOLD = 100;
/** A rate over less says little: two who ask do not spoil each other's. */
const LEAST_RATED_MS = 500;

interface Open {
  readonly id: string;
  readonly session: Session;
  readonly traffic: Readonly<Traffic>;
  /** By `Date.now()`. */
  readonly openedAt: number;
  /** When its rate was taken, and how many messages both ways there were. */
  ratedAt: number;
  ratedMessages: number;
  messagesPerSecond: number;
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

  get size(): number {
    return this.#open.size;
  }

  add(session: Session, traffic: Readonly<Traffic>, openedAt: number): void {
    const id = (++this.#opened).toString(36);
    this.#open.set(traffic, {
      id,
      session,
      traffic,
      openedAt,
      ratedAt: openedAt,
      ratedMessages: 0,
      messagesPerSecond: 0,
    });
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

  /** The busiest of late, at most a hundred. @param at now, by `Date.now()` */
  tell(at: number): readonly LiveWebSocket[] {
    for (const open of this.#open.values()) rate(open, at);
    const busiest = [...this.#open.values()].sort((a, b) => b.messagesPerSecond - a.messagesPerSecond);
    return busiest.slice(0, MOST_TOLD).map(live);
  }
}

/** Takes its rate anew, where it was not taken a moment ago. */
function rate(open: Open, at: number): void {
  const lastedMs = at - open.ratedAt;
  if (lastedMs < LEAST_RATED_MS && open.ratedAt !== open.openedAt) return;
  const messages = open.traffic.messagesReceived + open.traffic.messagesSent;
  open.messagesPerSecond = ((messages - open.ratedMessages) * 1_000) / Math.max(1, lastedMs);
  if (lastedMs < LEAST_RATED_MS) return;
  open.ratedMessages = messages;
  open.ratedAt = at;
}

function live({ id, session, traffic, openedAt, messagesPerSecond }: Open): LiveWebSocket {
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
