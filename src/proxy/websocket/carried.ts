import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { OpenStream, OpenStreams } from "../open-streams.ts";
import type { Session } from "../session.ts";
import { type BridgeEnd, DEAD_SIDE } from "./bridges.ts";
import type { OpenWebSockets } from "./open-web-sockets.ts";
import type { Traffic } from "./traffic.ts";

/** Going away (RFC 6455 7.4.1): what both ends of a WebSocket are told when the proxy, or their route, goes. */
const GOING_AWAY = 1001;
/** The connection ended without a close frame (RFC 6455 7.4.1). */
const ABNORMAL = 1006;

/** Where a WebSocket is known while it is open. */
export interface Registers {
  readonly open: OpenWebSockets;
  readonly streams: OpenStreams;
}

/** What carries it. A `Bridge` is one. */
interface Carrier {
  readonly traffic: Traffic;
  goAway(code: number, reason: string): void;
}

/**
 * One WebSocket from its 101 to its end, as all but its bridge see it. It is made outside of whatever awaits: what an
 * async function has once captured lives as long as its closures (Bun 1.4.5), and there are thousands of these.
 */
export class Carried<Ctx> implements OpenStream {
  readonly routeKey: string;
  readonly closeDelayMs: number;
  peer: Peer;
  readonly #session: Session<Ctx>;
  readonly #registers: Registers;
  readonly #ended: (session: Session<Ctx>) => void;
  #carrier: Carrier | undefined = undefined;
  #forget: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(session: Session<Ctx>, peer: Peer, registers: Registers, ended: (session: Session<Ctx>) => void) {
    this.routeKey = session.routeKey;
    this.closeDelayMs = session.owner?.streamCloseDelayMs ?? 0;
    this.peer = peer;
    this.#session = session;
    this.#registers = registers;
    this.#ended = ended;
  }

  /** Both ends are joined. They may be over already. */
  begin(carrier: Carrier): void {
    this.#carrier = carrier;
    const { observation } = this.#session;
    if (observation !== undefined) observation.traffic = carrier.traffic;
    const { open } = this.#registers;
    open.add(this.#session, carrier.traffic, Date.now());
    if (this.#isOver) open.delete(carrier.traffic);
    else this.enlist();
  }

  /** Makes it known by the peer that carries it, for a reload that takes one of the two away. */
  enlist(): void {
    this.#forget?.();
    const { owner, peer } = this.#session;
    if (owner === undefined || this.#isOver) return;
    this.peer = peer ?? this.peer;
    this.#forget = this.#registers.streams.add(this);
  }

  goAway(): void {
    this.#carrier?.goAway(GOING_AWAY, "");
  }

  /** Both sides are over. */
  readonly onClosed = (end: BridgeEnd): void => {
    const session = this.#session;
    this.#isOver = true;
    this.#forget?.();
    this.#registers.open.delete(end.traffic);
    session.error = errorOf(end);
    session.bytesSent = end.traffic.bytesSent;
    if (session.observation !== undefined) session.observation.webSocketEnd = end;
    this.#ended(session);
  };
}

function errorOf(end: BridgeEnd): ProxyError | undefined {
  if (end.code !== ABNORMAL) return undefined;
  switch (end.by) {
    case "upstream":
      return new ProxyError("connection_terminated", "the upstream's WebSocket ended without a close frame");
    case "client":
      return new ProxyError("client_gone", "the client's WebSocket ended without a close frame");
    case "gatekeeper":
      // Such as a phone without its network: nothing here has failed.
      if (end.reason === DEAD_SIDE.client) return new ProxyError("client_gone", end.reason);
      return new ProxyError("read_timeout", end.reason === "" ? "one side of the WebSocket was dead" : end.reason);
  }
}
