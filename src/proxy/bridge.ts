import { isUtf8 } from "node:buffer";
import type { WebSocketConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { BridgeEnd, Bridges, Sweepable } from "./websocket/bridges.ts";
import { ClientEnd, type ClientSocket } from "./websocket/client-end.ts";
import { CloseCode } from "./websocket/frame.ts";
import { Hold, type HoldOptions, isReturning } from "./websocket/hold.ts";
import type { UpstreamListener, UpstreamSocket } from "./websocket/upstream-socket.ts";
import { isLonger } from "./websocket/message-size.ts";
import { Vigil } from "./websocket/vigil.ts";

export { type BridgeEnd, Bridges } from "./websocket/bridges.ts";
export { bridgeHandler } from "./websocket/handler.ts";

/** What Bun keeps with each client's socket. */
export type BridgeData = Bridge;

export interface BridgeOptions {
  readonly websocket: WebSocketConfig;
  readonly bridges: Bridges;
  readonly log: Log;
  /** The upstream's name, for the log. */
  readonly peer: string;
  /** Undefined where a client is not kept without its upstream. */
  readonly hold?: HoldOptions | undefined;
}

const MAX_SWEEP_MS = 1_000;
/** Bun's words for a client's message over `maxPayloadLength`; the code it gives is 1006 (Bun 1.4.5). */
const BUN_TOO_BIG = "Received too big message";

/** Joins a client's WebSocket to an upstream's, both open. Made by `accept`. */
export class Bridge implements UpstreamListener, Sweepable {
  readonly sweepMs: number;
  #upstream: UpstreamSocket;
  readonly #options: BridgeOptions;
  readonly #onClosed: (end: BridgeEnd) => void;
  #upstreamVigil: Vigil;
  readonly #clientVigil: Vigil;
  #client: ClientEnd | undefined = undefined;
  /** Set by the first thing that ends the bridge; what comes after does not change it. */
  #end: Pick<BridgeEnd, "by" | "code" | "reason"> | undefined = undefined;
  #endProgressAt = 0;
  #isFinished = false;
  /** While the client is kept without an upstream. */
  #held: Hold | undefined = undefined;
  #messagesToUpstream = 0;
  #messagesToClient = 0;

  constructor(upstream: UpstreamSocket, options: BridgeOptions, onClosed: (end: BridgeEnd) => void) {
    this.#upstream = upstream;
    this.#options = options;
    this.#onClosed = onClosed;
    const { deadAfterMs } = options.websocket;
    this.sweepMs = Math.min(
      MAX_SWEEP_MS,
      options.bridges.closeGraceMs / 8,
      deadAfterMs > 0 ? deadAfterMs / 8 : MAX_SWEEP_MS,
    );
    const now = performance.now();
    this.#upstreamVigil = new Vigil(deadAfterMs, now);
    this.#clientVigil = new Vigil(deadAfterMs, now);
  }

  // ---- the client's side, called by bridgeHandler

  onClientOpen(socket: ClientSocket): void {
    this.#client = new ClientEnd(socket);
    this.#options.bridges.add(this);
    this.#upstream.start(this);
  }

  onClientMessage(message: string | Buffer): void {
    const client = this.#sawClient();
    if (isLonger(message, this.#options.websocket.maxMessageBytes)) {
      this.#note("client", CloseCode.tooBig, "");
      this.#upstream.close(CloseCode.tooBig, "");
      client?.close(CloseCode.tooBig, "");
      return;
    }
    if (this.#held !== undefined) {
      if (this.#held.keep(message)) client?.pause();
      return;
    }
    this.#messagesToUpstream++;
    if (typeof message === "string") this.#upstream.sendText(message);
    else this.#upstream.sendBinary(message);
    if (this.#upstream.backlog > 0) client?.pause();
  }

  /** Bun has answered it already (1.4.5, always); the upstream sees it too, and its answer stops here. */
  onClientPing(payload: Buffer): void {
    const client = this.#sawClient();
    if (this.#held !== undefined) return;
    this.#upstreamVigil.pings.add(payload);
    this.#upstream.ping(payload);
    if (this.#upstream.backlog > 0 || client?.owesTooManyPongs() === true) client?.pause();
  }

  onClientPong(payload: Buffer): void {
    const client = this.#sawClient();
    if (!this.#clientVigil.pings.takes(payload)) this.#upstream.pong(payload);
    if (this.#upstream.backlog > 0) client?.pause();
  }

  onClientDrain(): void {
    const client = this.#sawClient();
    if (client?.flush() !== true || this.#held !== undefined) return;
    this.#upstream.resume();
    if (this.#upstream.backlog === 0) client.resume();
  }

  onClientClose(code: number, reason: string): void {
    if (this.#client !== undefined) this.#client.isOver = true;
    this.#held?.cancel();
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
    if (this.#client?.gather(read) === true) this.#upstream.pause();
  }

  onText(payload: Buffer, wasCompressed: boolean): void {
    // A lenient decoder would change the message, and Bun's server would send what a client must refuse.
    if (!isUtf8(payload)) return this.onViolation(CloseCode.invalidText, "a text message is not UTF-8");
    this.#messagesToClient++;
    this.#client?.sendText(payload.toString("utf8"), wasCompressed);
  }

  onBinary(payload: Buffer, wasCompressed: boolean): void {
    this.#messagesToClient++;
    this.#client?.sendBinary(payload, wasCompressed);
  }

  onPing(payload: Buffer): void {
    this.#client?.ping(payload);
  }

  onPong(payload: Buffer): void {
    if (!this.#upstreamVigil.pings.takes(payload)) this.#client?.pong(payload);
  }

  onClose(code: number, reason: string): void {
    const upstream = this.#upstream;
    if (isReturning(code) && this.#beginHold(code, reason)) {
      upstream.acknowledgeClose(code);
      return;
    }
    this.#note("upstream", code, reason);
    upstream.acknowledgeClose(code);
    this.#client?.close(code, reason);
  }

  onViolation(code: number, what: string): void {
    const { log, peer } = this.#options;
    log.warn("an upstream broke the WebSocket protocol", { peer, reason: what });
    const toClient = code === CloseCode.tooBig ? CloseCode.tooBig : CloseCode.badGateway;
    this.#note("gatekeeper", toClient, what);
    this.#upstream.close(code, "");
    this.#upstream.abort();
    this.#client?.close(toClient, "");
  }

  onWritable(): void {
    this.#client?.resume();
  }

  onEnd(isClean: boolean, error: Error | undefined): void {
    const { log, peer } = this.#options;
    if (error !== undefined && log.debugEnabled) {
      log.debug("an upstream's WebSocket broke", { peer, reason: error.message });
    }
    if (!isClean && this.#beginHold(CloseCode.abnormal, "")) return;
    if (!isClean) this.#note("upstream", CloseCode.abnormal, "");
    this.#client?.close(CloseCode.abnormal, "");
    this.#finish();
  }

  // ---- the proxy's own doing (Sweepable)

  goAway(code: number, reason: string): void {
    if (this.#end !== undefined) return;
    this.#note("gatekeeper", code, reason);
    this.#held?.cancel();
    this.#upstream.close(code, reason);
    this.#client?.close(code, reason);
  }

  terminate(): void {
    this.#note("gatekeeper", CloseCode.abnormal, "");
    this.#held?.cancel();
    this.#upstream.terminate();
    this.#client?.terminate();
  }

  sweep(now: number): void {
    const client = this.#client;
    if (client === undefined) return;
    const upstream = this.#upstream;
    const clientLives = client.hasLived();
    const upstreamLives = upstream.hasLived();
    if (this.#end !== undefined) {
      if (clientLives || upstreamLives || this.#endProgressAt === 0) this.#endProgressAt = now;
      else if (now - this.#endProgressAt >= this.#options.bridges.closeGraceMs) this.terminate();
      return;
    }
    if (this.#options.websocket.deadAfterMs === 0) return;
    // A side that is not read cannot show life; only what it takes of its backlog can.
    const isClientExcused = client.isPaused && client.backlog === 0;
    const isUpstreamExcused = upstream.isPaused && upstream.backlog === 0;
    if (this.#clientVigil.isDead(now, clientLives || isClientExcused, client)) this.#endDead("client");
    else if (this.#held === undefined && this.#upstreamVigil.isDead(now, upstreamLives || isUpstreamExcused, upstream))
      this.#endDead("upstream");
  }

  /** The other side is ended as if its own connection had been lost: abruptly, but behind what it was sent. */
  #endDead(side: "client" | "upstream"): void {
    const { log, peer, websocket } = this.#options;
    log.info("a WebSocket showed no sign of life", { side, peer, silentMs: websocket.deadAfterMs });
    this.#note("gatekeeper", CloseCode.abnormal, `the ${side} showed no sign of life`);
    if (side === "client") {
      this.#upstream.abort();
      this.#client?.terminate();
    } else this.#upstream.terminate();
  }

  /** Keeps the client without an upstream, and looks for another. False where it is not to be kept. */
  #beginHold(code: number, reason: string): boolean {
    const { hold, log, peer } = this.#options;
    const client = this.#client;
    if (hold === undefined || client === undefined || client.isOver || this.#end !== undefined) return false;
    this.#upstream.leave();
    const held = new Hold(hold);
    this.#held = held;
    // It may have been paused for the one that is gone.
    client.resume();
    log.info("a WebSocket is held: its upstream is gone", { peer, code, limitMs: hold.config.limitMs });
    hold.onHeld();
    void held.run().then((upstream) => this.#endHold(held, upstream, { code, reason }));
    return true;
  }

  #endHold(held: Hold, upstream: UpstreamSocket | undefined, left: Pick<BridgeEnd, "code" | "reason">): void {
    const { hold, websocket, log, peer } = this.#options;
    const client = this.#client;
    if (upstream === undefined || client === undefined || this.#end !== undefined) {
      upstream?.terminate();
      hold?.onOver(false);
      // What the client is told when nobody came back for it is what it would have been told at once.
      this.#note("upstream", left.code, left.reason);
      client?.close(left.code, left.reason);
      this.#finish();
      return;
    }
    this.#held = undefined;
    this.#upstream = upstream;
    this.#upstreamVigil = new Vigil(websocket.deadAfterMs, performance.now());
    hold?.onOver(true);
    log.info("a WebSocket goes on with a new upstream", { peer });
    upstream.start(this);
    for (const message of held.takeKept()) this.onClientMessage(message);
    if (this.#upstream === upstream && upstream.backlog === 0) client.resume();
  }

  #sawClient(): ClientEnd | undefined {
    const client = this.#client;
    if (client !== undefined) client.sawLife = true;
    return client;
  }

  #note(by: BridgeEnd["by"], code: number, reason: string): void {
    this.#end ??= { by, code, reason };
  }

  #finish(): void {
    const isUpstreamOver = this.#held !== undefined || this.#upstream.isOver;
    if (this.#client?.isOver !== true || !isUpstreamOver || this.#end === undefined || this.#isFinished) return;
    this.#isFinished = true;
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
