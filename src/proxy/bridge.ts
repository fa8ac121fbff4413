import { isUtf8 } from "node:buffer";
import type { WebSocketConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { Bridges, Sweepable } from "./websocket/bridges.ts";
import { CloseCode } from "./websocket/frame.ts";
import { OwnPings } from "./websocket/own-pings.ts";
import { Pulse } from "./websocket/pulse.ts";
import type { UpstreamListener, UpstreamSocket } from "./websocket/upstream-socket.ts";

export { Bridges } from "./websocket/bridges.ts";
export { bridgeHandler } from "./websocket/handler.ts";

/** What Bun keeps with each client's socket. */
export type BridgeData = Bridge;

/** The client's end. Bun does its frames, its close handshake, and answers its pings. */
export type ClientSocket = Bun.ServerWebSocket<BridgeData>;

/** How a bridge ended. */
export interface BridgeEnd {
  /** Who ended it: one of its ends, or the proxy (a dead side, a broken protocol, draining). */
  readonly by: "client" | "upstream" | "gatekeeper";
  /** The close code as it came or was given; 1005 for none, 1006 for an abrupt end. */
  readonly code: number;
  readonly reason: string;
  readonly messagesToUpstream: number;
  readonly messagesToClient: number;
}

export interface BridgeOptions {
  readonly websocket: WebSocketConfig;
  readonly bridges: Bridges;
  readonly log: Log;
  /** The upstream's name, for the log. */
  readonly peer: string;
}

/** A side that makes no progress for this long while a bridge is ending is ended by force. */
const CLOSE_GRACE_MS = 10_000;
const MAX_SWEEP_MS = 1_000;
/** The payload of the proxy's own pings. */
const KEEP_ALIVE = Buffer.from("gatekeeper");
/** Bun's words for a client's message over `maxPayloadLength`; the code it gives is 1006 (Bun 1.4.5). */
const BUN_TOO_BIG = "Received too big message";

/** Joins a client's WebSocket to an upstream's, both open. Made by `accept`. */
export class Bridge implements UpstreamListener, Sweepable {
  readonly sweepMs: number;
  readonly #upstream: UpstreamSocket;
  readonly #options: BridgeOptions;
  readonly #onClosed: (end: BridgeEnd) => void;
  readonly #upstreamPings = new OwnPings();
  readonly #clientPings = new OwnPings();
  readonly #upstreamPulse: Pulse;
  readonly #clientPulse: Pulse;
  #client: ClientSocket | undefined = undefined;
  #clientSawLife = true;
  /** The client's backlog when the sweep last looked. */
  #clientBacklog = 0;
  #isClientOver = false;
  #isUpstreamOver = false;
  /** Set by the first thing that ends the bridge; what comes after does not change it. */
  #end: Pick<BridgeEnd, "by" | "code" | "reason"> | undefined = undefined;
  #endProgressAt = 0;
  #messagesToUpstream = 0;
  #messagesToClient = 0;

  constructor(upstream: UpstreamSocket, options: BridgeOptions, onClosed: (end: BridgeEnd) => void) {
    this.#upstream = upstream;
    this.#options = options;
    this.#onClosed = onClosed;
    const { deadAfterMs } = options.websocket;
    this.sweepMs = deadAfterMs > 0 ? Math.min(MAX_SWEEP_MS, deadAfterMs / 8) : MAX_SWEEP_MS;
    const now = performance.now();
    this.#upstreamPulse = new Pulse(now);
    this.#clientPulse = new Pulse(now);
  }

  // ---- the client's side, called by bridgeHandler

  onClientOpen(client: ClientSocket): void {
    this.#client = client;
    this.#options.bridges.add(this);
    this.#upstream.start(this);
  }

  onClientMessage(client: ClientSocket, message: string | Buffer): void {
    this.#clientSawLife = true;
    this.#messagesToUpstream++;
    if (typeof message === "string") this.#upstream.sendText(message);
    else this.#upstream.sendBinary(message);
    if (this.#upstream.backlog > 0) client.pause();
  }

  /** Bun has answered it already (1.4.5, always); the upstream sees it too, and its answer stops here. */
  onClientPing(payload: Buffer): void {
    this.#clientSawLife = true;
    this.#upstreamPings.add(payload);
    this.#upstream.ping(payload);
  }

  onClientPong(payload: Buffer): void {
    this.#clientSawLife = true;
    if (!this.#clientPings.takes(payload)) this.#upstream.pong(payload);
  }

  onClientDrain(client: ClientSocket): void {
    this.#clientSawLife = true;
    if (client.getBufferedAmount() > 0) return;
    if (this.#isUpstreamOver) client.terminate();
    else this.#upstream.resume();
  }

  onClientClose(code: number, reason: string): void {
    this.#isClientOver = true;
    if (this.#end === undefined) {
      const isTooBig = code === CloseCode.abnormal && reason === BUN_TOO_BIG;
      this.#note("client", isTooBig ? CloseCode.tooBig : code, reason);
      if (isTooBig) this.#upstream.close(CloseCode.tooBig, "");
      else if (code === CloseCode.abnormal) this.#upstream.abort();
      else this.#upstream.close(code, reason);
    }
    this.#finish();
  }

  // ---- the upstream's side (UpstreamListener)

  gather(read: () => void): void {
    const client = this.#client;
    if (client === undefined || this.#isClientOver) return read();
    client.cork(read);
    if (client.getBufferedAmount() > 0) this.#upstream.pause();
  }

  onText(payload: Buffer): void {
    // A lenient decoder would change the message, and Bun's server would send what a client must refuse.
    if (!isUtf8(payload)) return this.onViolation(CloseCode.invalidText, "a text message is not UTF-8");
    this.#messagesToClient++;
    this.#client?.sendText(payload.toString("utf8"));
  }

  onBinary(payload: Buffer): void {
    this.#messagesToClient++;
    this.#client?.sendBinary(payload as Buffer<ArrayBuffer>);
  }

  onPing(payload: Buffer): void {
    this.#client?.ping(payload as Buffer<ArrayBuffer>);
  }

  onPong(payload: Buffer): void {
    if (!this.#upstreamPings.takes(payload)) this.#client?.pong(payload as Buffer<ArrayBuffer>);
  }

  onClose(code: number, reason: string): void {
    this.#note("upstream", code, reason);
    this.#upstream.acknowledgeClose(code);
    this.#closeClient(code, reason);
  }

  onViolation(code: number, what: string): void {
    const { log, peer } = this.#options;
    log.warn("an upstream broke the WebSocket protocol", { peer, reason: what });
    const toClient = code === CloseCode.tooBig ? CloseCode.tooBig : CloseCode.badGateway;
    this.#note("gatekeeper", toClient, what);
    this.#upstream.close(code, "");
    this.#upstream.abort();
    this.#closeClient(toClient, "");
  }

  onWritable(): void {
    if (!this.#isClientOver) this.#client?.resume();
  }

  onEnd(isClean: boolean, error: Error | undefined): void {
    const { log, peer } = this.#options;
    if (error !== undefined && log.debugEnabled)
      log.debug("an upstream's WebSocket broke", { peer, reason: error.message });
    this.#isUpstreamOver = true;
    if (!isClean) this.#note("upstream", CloseCode.abnormal, "");
    // terminate() throws away what the client has yet to read (Bun 1.4.5), so that goes first.
    const client = this.#client;
    if (client !== undefined && !this.#isClientOver && client.getBufferedAmount() === 0) client.terminate();
    this.#finish();
  }

  // ---- the proxy's own doing (Sweepable)

  goAway(code: number, reason: string): void {
    if (this.#end !== undefined) return;
    this.#note("gatekeeper", code, reason);
    this.#upstream.close(code, reason);
    this.#closeClient(code, reason);
  }

  terminate(): void {
    this.#note("gatekeeper", CloseCode.abnormal, "");
    this.#upstream.terminate();
    if (!this.#isClientOver) this.#client?.terminate();
  }

  sweep(now: number): void {
    const upstreamLives = this.#upstream.sawLife;
    const clientLives = this.#clientSawLife || this.#clientProgressed();
    this.#upstream.sawLife = false;
    this.#clientSawLife = false;
    const { deadAfterMs } = this.#options.websocket;
    if (this.#end !== undefined) {
      if (upstreamLives || clientLives || this.#endProgressAt === 0) this.#endProgressAt = now;
      else if (now - this.#endProgressAt >= CLOSE_GRACE_MS) this.terminate();
    } else if (deadAfterMs > 0) {
      this.#lookAtClient(this.#clientPulse, now, clientLives);
      this.#lookAtUpstream(this.#upstreamPulse, now, upstreamLives);
    }
  }

  #lookAtClient(pulse: Pulse, now: number, isAlive: boolean): void {
    const client = this.#client;
    if (client === undefined) return;
    // A side that is not read cannot show life, and only what it takes from us can.
    const isExcused = client.isPaused && client.getBufferedAmount() === 0;
    const verdict = pulse.look(now, isAlive || isExcused, this.#options.websocket.deadAfterMs);
    if (verdict === "dead") this.#endDead("client");
    else if (verdict === "ping") {
      this.#clientPings.add(KEEP_ALIVE);
      client.ping(KEEP_ALIVE);
    }
  }

  #lookAtUpstream(pulse: Pulse, now: number, isAlive: boolean): void {
    if (this.#end !== undefined) return;
    const isExcused = this.#upstream.isPaused && this.#upstream.backlog === 0;
    const verdict = pulse.look(now, isAlive || isExcused, this.#options.websocket.deadAfterMs);
    if (verdict === "dead") this.#endDead("upstream");
    else if (verdict === "ping") {
      this.#upstreamPings.add(KEEP_ALIVE);
      this.#upstream.ping(KEEP_ALIVE);
    }
  }

  /** The other side is ended as if its own connection had been lost: abruptly, but behind what it was sent. */
  #endDead(side: "client" | "upstream"): void {
    const { log, peer, websocket } = this.#options;
    log.info("a WebSocket showed no sign of life", { side, peer, silentMs: websocket.deadAfterMs });
    this.#note("gatekeeper", CloseCode.abnormal, `the ${side} showed no sign of life`);
    if (side === "client") this.#upstream.abort();
    else this.#upstream.terminate();
    if (side === "client") this.#client?.terminate();
  }

  #clientProgressed(): boolean {
    const backlog = this.#isClientOver ? 0 : (this.#client?.getBufferedAmount() ?? 0);
    const hasProgressed = backlog < this.#clientBacklog;
    this.#clientBacklog = backlog;
    return hasProgressed;
  }

  #closeClient(code: number, reason: string): void {
    // Bun sends the close frame behind what waits, and its `close` handler runs at once (Bun 1.4.5).
    if (!this.#isClientOver) this.#client?.close(code, reason);
  }

  #note(by: BridgeEnd["by"], code: number, reason: string): void {
    this.#end ??= { by, code, reason };
  }

  #finish(): void {
    if (!this.#isClientOver || !this.#isUpstreamOver || this.#end === undefined) return;
    this.#options.bridges.delete(this);
    const { by, code, reason } = this.#end;
    const end = {
      by,
      code,
      reason,
      messagesToUpstream: this.#messagesToUpstream,
      messagesToClient: this.#messagesToClient,
    };
    this.#onClosed(end);
  }
}
