import { isUtf8 } from "node:buffer";
import type { BridgeOptions } from "./websocket/bridge-options.ts";
import { type BridgeEnd, DEAD_SIDE, type Sweepable } from "./websocket/bridges.ts";
import { ClientEnd, type ClientSocket } from "./websocket/client-end.ts";
import { CloseCode } from "./websocket/frame.ts";
import { Hold, isReturning, type Regained } from "./websocket/hold.ts";
import type { UpstreamListener, UpstreamSocket } from "./websocket/upstream-socket.ts";
import { isLonger, wasTooBig } from "./websocket/message-size.ts";
import { Parting } from "./websocket/parting.ts";
import { Traffic } from "./websocket/traffic.ts";
import { Vigil } from "./websocket/vigil.ts";

export { type BridgeEnd, Bridges } from "./websocket/bridges.ts";
export { bridgeHandler } from "./websocket/handler.ts";

/** What Bun keeps with each client's socket. */
export type BridgeData = Bridge;

const MAX_SWEEP_MS = 1_000;

/** Joins a client's WebSocket to an upstream's, both open. Made by `accept`. */
export class Bridge implements UpstreamListener, Sweepable {
  readonly sweepMs: number;
  readonly traffic = new Traffic();
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
  #heldBefore: Hold | undefined = undefined;
  /** The name of the upstream. */
  #peer: string;
  #clientCode: number | undefined = undefined;
  #upstreamCode: number | undefined = undefined;

  constructor(upstream: UpstreamSocket, options: BridgeOptions, onClosed: (end: BridgeEnd) => void) {
    this.#upstream = upstream;
    this.#options = options;
    this.#peer = options.peer;
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
      this.#held?.cancel();
      this.#upstream.close(CloseCode.tooBig, "");
      client?.close(CloseCode.tooBig, "");
      return;
    }
    this.traffic.received(message);
    this.#pass(message);
    if (this.#isBehind) client?.pause();
  }

  #pass(message: string | Buffer): void {
    if (this.#held !== undefined) this.#held.keep(message);
    else if (typeof message === "string") this.#upstream.sendText(message);
    else this.#upstream.sendBinary(message);
  }

  /** Bun has answered it already (1.4.5, always); the upstream sees it too, and its answer stops here. */
  onClientPing(payload: Buffer): void {
    const client = this.#sawClient();
    if (this.#held === undefined) {
      this.#upstreamVigil.pings.add(payload);
      this.#upstream.ping(payload);
    }
    if (client?.owesTooManyPongs() === true || this.#isBehind) client?.pause();
  }

  onClientPong(payload: Buffer): void {
    const client = this.#sawClient();
    if (!this.#clientVigil.pings.takes(payload) && this.#held === undefined) this.#upstream.pong(payload);
    if (this.#isBehind) client?.pause();
  }

  onClientDrain(): void {
    const client = this.#sawClient();
    if (client?.flush() !== true) return;
    if (this.#held === undefined) this.#upstream.resume();
    if (!this.#isBehind) client.resume();
  }

  onClientClose(code: number, reason: string): void {
    if (this.#client !== undefined) this.#client.isOver = true;
    this.#clientCode ??= code;
    this.#held?.cancel();
    if (this.#end === undefined) {
      const isTooBig = wasTooBig(code, reason);
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
    this.traffic.sent(payload);
    this.#client?.sendText(payload.toString("utf8"), wasCompressed);
  }

  onBinary(payload: Buffer, wasCompressed: boolean): void {
    this.traffic.sent(payload);
    this.#client?.sendBinary(payload, wasCompressed);
  }

  onPing(payload: Buffer): void {
    this.#client?.ping(payload);
  }

  onPong(payload: Buffer): void {
    if (!this.#upstreamVigil.pings.takes(payload)) this.#client?.pong(payload);
  }

  onClose(code: number, reason: string): void {
    this.#upstreamCode = code;
    const isHeld = isReturning(code) && this.#beginHold(code, reason);
    if (!isHeld) this.#note("upstream", code, reason);
    this.#upstream.acknowledgeClose(code);
    if (!isHeld) this.#client?.close(code, reason);
    else if (!this.#upstream.isOver) new Parting(this.#upstream, this.#options.bridges);
  }

  onViolation(code: number, what: string): void {
    const { log } = this.#options;
    log.warn("an upstream broke the WebSocket protocol", { peer: this.#peer, reason: what });
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
    const { log } = this.#options;
    if (error !== undefined && log.debugEnabled) {
      log.debug("an upstream's WebSocket broke", { peer: this.#peer, reason: error.message });
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
    const { log, websocket } = this.#options;
    log.info("a WebSocket showed no sign of life", { side, peer: this.#peer, silentMs: websocket.deadAfterMs });
    const silent = this.#upstream;
    if (side === "upstream" && this.#beginHold(CloseCode.abnormal, "")) return silent.terminate();
    this.#note("gatekeeper", CloseCode.abnormal, DEAD_SIDE[side]);
    if (side === "client") {
      this.#upstream.abort();
      this.#client?.terminate();
    } else this.#upstream.terminate();
  }

  /** The client is to be read no further: what it sent has yet to go. */
  get #isBehind(): boolean {
    return this.#held === undefined ? this.#upstream.backlog > 0 : this.#held.isFull;
  }

  /** Keeps the client without an upstream, and looks for another. False where it is not to be kept. */
  #beginHold(code: number, reason: string): boolean {
    const { hold, log } = this.#options;
    const client = this.#client;
    if (hold === undefined || client === undefined || client.isOver || this.#end !== undefined) return false;
    const held = new Hold(hold, this.#upstream.leave(), this.#heldBefore);
    this.#held = held;
    // It may have been paused for the one that is gone.
    client.resume();
    log.info("a WebSocket is held: its upstream is gone", { peer: this.#peer, code, limitMs: hold.config.limitMs });
    hold.onHeld();
    void held.run().then((regained) => {
      if (regained !== undefined && this.#end === undefined) this.#goOn(held, regained);
      else this.#giveUp(regained, code, reason);
    });
    return true;
  }

  #goOn(held: Hold, { socket, peer }: Regained): void {
    const { hold, websocket, log } = this.#options;
    this.#held = undefined;
    this.#heldBefore = held;
    this.#upstream = socket;
    this.#peer = peer;
    this.#upstreamVigil = new Vigil(websocket.deadAfterMs, performance.now());
    hold?.onRegained();
    log.info("a WebSocket goes on with a new upstream", { peer });
    for (const frame of held.unsent) socket.sendFrame(frame);
    for (const message of held.takeKept()) this.#pass(message);
    // Now it may go again at once: what it has not taken by then goes to the next.
    socket.start(this);
    if (this.#isBehind) this.#client?.pause();
    else this.#client?.resume();
  }

  /** The client is told what it would have been told at once. */
  #giveUp(late: Regained | undefined, code: number, reason: string): void {
    late?.socket.terminate();
    this.#note("upstream", code, reason);
    this.#client?.close(code, reason);
    this.#finish();
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
    const { traffic } = this;
    this.#onClosed({ ...this.#end, clientCode: this.#clientCode, upstreamCode: this.#upstreamCode, traffic });
  }
}
