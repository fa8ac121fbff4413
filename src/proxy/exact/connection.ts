import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
import { connect, handshakeFault, type SocketOwner, type UpstreamTcp } from "../connect.ts";
import type { Carrier } from "./carrier.ts";
import type { Exchange } from "./exchange.ts";

/** Where connections go that have nothing to do. */
export interface Keeper {
  /** It may be given another exchange. */
  onIdle(connection: Connection): void;
  /** It ended while it was idle. */
  onIdleEnd(connection: Connection): void;
}

type Stage = "connecting" | "securing" | "ready" | "over";

/** One connection to a peer, with one exchange at a time on it (no pipelining). */
export class Connection implements SocketOwner, Carrier {
  readonly #peer: Peer;
  readonly #keeper: Keeper;
  #stage: Stage = "connecting";
  #socket: UpstreamTcp | undefined = undefined;
  #exchange: Exchange | undefined = undefined;
  #dialTimer: Timer | undefined = undefined;
  /** When it was begun, by the clock of `performance.now()`. */
  #dialledAt = 0;
  /** When it was put by, by the clock of `performance.now()`. Its keeper's. */
  idleSince = 0;

  constructor(peer: Peer, keeper: Keeper) {
    this.#peer = peer;
    this.#keeper = keeper;
  }

  /** Connects for this exchange, which begins, or fails, when that is done. */
  dial(exchange: Exchange): void {
    this.#take(exchange);
    this.#dialledAt = performance.now();
    const { dialMs } = this.#peer.options.timeouts;
    if (dialMs > 0) {
      const error = new ProxyError("connection_timeout", `no connection within ${dialMs} ms`);
      this.#dialTimer = setTimeout(() => this.#fail(error), dialMs);
    }
    connect(this.#peer, this, (error) => this.#fail(error));
  }

  /** Carries another exchange. To be called when it is idle. */
  run(exchange: Exchange): void {
    this.#take(exchange);
    exchange.begin(true);
  }

  onOpen(socket: UpstreamTcp): void {
    this.#socket = socket;
    if (this.#stage === "over") socket.terminate();
    else if (this.#peer.address.type === "tcp" && this.#peer.address.tls) this.#stage = "securing";
    else this.#begin();
  }

  onHandshake(_socket: UpstreamTcp, _authorized: boolean, error: Error | null): void {
    if (this.#stage !== "securing") return;
    const fault = handshakeFault(this.#peer, error);
    if (fault === undefined) this.#begin();
    else this.#fail(fault);
  }

  onData(chunk: Buffer): void {
    if (this.#exchange !== undefined) this.#exchange.onData(chunk);
    // Nobody asked for it: it would be taken for the answer to the next request.
    else if (this.#stage === "ready") this.terminate();
  }

  onDrain(): void {
    this.#exchange?.onDrain();
  }

  onEnd(error: Error | undefined): void {
    const stage = this.#stage;
    if (stage === "over") return;
    this.#settle();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange === undefined) this.#keeper.onIdleEnd(this);
    else if (stage === "securing" && error === undefined) {
      exchange.fail(new ProxyError("tls_protocol_error", "the upstream closed the connection in the TLS handshake"));
    } else exchange.onEnd(error);
  }

  write(bytes: string | Uint8Array): number {
    return this.#socket?.write(bytes) ?? -1;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  release(): void {
    this.#exchange = undefined;
    this.#keeper.onIdle(this);
  }

  close(): void {
    this.#leave();
    this.#socket?.end();
  }

  terminate(): void {
    this.#leave();
    this.#socket?.terminate();
  }

  #take(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.assign(this);
  }

  #begin(): void {
    this.#stage = "ready";
    clearTimeout(this.#dialTimer);
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.outgoing.connectMs = performance.now() - this.#dialledAt;
    exchange.begin(false);
  }

  #fail(error: ProxyError): void {
    if (this.#stage !== "over") this.#exchange?.fail(error);
  }

  /** Ends it for everyone here; the socket's own end is nothing new then. */
  #leave(): void {
    const wasIdle = this.#stage === "ready" && this.#exchange === undefined;
    this.#settle();
    this.#exchange = undefined;
    if (wasIdle) this.#keeper.onIdleEnd(this);
  }

  #settle(): void {
    this.#stage = "over";
    clearTimeout(this.#dialTimer);
  }
}
