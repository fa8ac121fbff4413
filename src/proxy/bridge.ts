import { isUtf8 } from "node:buffer";
import type { WebSocketConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { BridgeEnd, Bridges, Sweepable } from "./websocket/bridges.ts";
import { CloseCode } from "./websocket/frame.ts";
import type { UpstreamListener, UpstreamSocket } from "./websocket/upstream-socket.ts";
import { Vigil } from "./websocket/vigil.ts";

export { type BridgeEnd, Bridges } from "./websocket/bridges.ts";
export { bridgeHandler } from "./websocket/handler.ts";

/** What Bun keeps with each client's socket. */
export type BridgeData = Bridge;

/** The client's end. Bun does its frames, its close handshake, and answers its pings. */
export type ClientSocket = Bun.ServerWebSocket<BridgeData>;

export interface BridgeOptions {
  readonly websocket: WebSocketConfig;
  readonly bridges: Bridges;
  readonly log: Log;
  /** The upstream's name, for the log. */
  readonly peer: string;
}

const MAX_SWEEP_MS = 1_000;
/** Bun's words for a client's message over `maxPayloadLength`; the code it gives is 1006 (Bun 1.4.5). */
const BUN_TOO_BIG = "Received too big message";

type ClosePair = Pick<BridgeEnd, "code" | "reason">;

/** Joins a client's WebSocket to an upstream's, both open. Made by `accept`. */
export class Bridge implements UpstreamListener, Sweepable {
  readonly sweepMs: number;
  readonly #upstream: UpstreamSocket;
  readonly #options: BridgeOptions;
  readonly #onClosed: (end: BridgeEnd) => void;
  readonly #upstreamVigil: Vigil;
  readonly #clientVigil: Vigil;
  #client: ClientSocket | undefined = undefined;
  #clientSawLife = true;
  /** The client's backlog when the sweep last looked. */
  #clientBacklog = 0;
  #isClientOver = false;
  #isUpstreamOver = false;
  /** Set by the first thing that ends the bridge; what comes after does not change it. */
  #end: Pick<BridgeEnd, "by" | "code" | "reason"> | undefined = undefined;
  /** How the client is to be ended, once that is decided. */
  #clientEnd: ClosePair | undefined = undefined;
  #endProgressAt = 0;
  #isFinished = false;
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
    this.#upstreamVigil.pings.add(payload);
    this.#upstream.ping(payload);
  }

  onClientPong(payload: Buffer): void {
    this.#clientSawLife = true;
    if (!this.#clientVigil.pings.takes(payload)) this.#upstream.pong(payload);
  }

  onClientDrain(client: ClientSocket): void {
    this.#clientSawLife = true;
    if (client.getBufferedAmount() > 0) return;
    if (this.#clientEnd !== undefined) this.#endClient(client, this.#clientEnd);
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
    if (this.#isClientOver) return;
    if (client.getBufferedAmount() > 0) this.#upstream.pause();
    else if (this.#clientEnd !== undefined) this.#endClient(client, this.#clientEnd);
  }

  onText(payload: Buffer): void {
    if (this.#clientEnd !== undefined) return;
    // A lenient decoder would change the message, and Bun's server would send what a client must refuse.
    if (!isUtf8(payload)) return this.onViolation(CloseCode.invalidText, "a text message is not UTF-8");
    this.#messagesToClient++;
    this.#client?.sendText(payload.toString("utf8"));
  }

  onBinary(payload: Buffer): void {
    if (this.#clientEnd !== undefined) return;
    this.#messagesToClient++;
    this.#client?.sendBinary(payload as Buffer<ArrayBuffer>);
  }

  onPing(payload: Buffer): void {
    this.#client?.ping(payload as Buffer<ArrayBuffer>);
  }

  onPong(payload: Buffer): void {
    if (!this.#upstreamVigil.pings.takes(payload)) this.#client?.pong(payload as Buffer<ArrayBuffer>);
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
    this.#closeClient(CloseCode.abnormal, "");
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
    const client = this.#client;
    if (client === undefined) return;
    const upstream = this.#upstream;
    const clientLives = this.#clientSawLife || this.#clientProgressed();
    const upstreamLives = upstream.sawLife;
    this.#clientSawLife = false;
    upstream.sawLife = false;
    if (this.#end !== undefined) {
      if (clientLives || upstreamLives || this.#endProgressAt === 0) this.#endProgressAt = now;
      else if (now - this.#endProgressAt >= this.#options.bridges.closeGraceMs) this.terminate();
      return;
    }
    if (this.#options.websocket.deadAfterMs === 0) return;
    // A side that is not read cannot show life; only what it takes of its backlog can.
    const isClientExcused = client.isPaused && client.getBufferedAmount() === 0;
    const isUpstreamExcused = upstream.isPaused && upstream.backlog === 0;
    if (this.#clientVigil.isDead(now, clientLives || isClientExcused, client)) this.#endDead("client");
    else if (this.#upstreamVigil.isDead(now, upstreamLives || isUpstreamExcused, upstream)) this.#endDead("upstream");
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

  #clientProgressed(): boolean {
    const backlog = this.#isClientOver ? 0 : (this.#client?.getBufferedAmount() ?? 0);
    const hasProgressed = backlog < this.#clientBacklog;
    this.#clientBacklog = backlog;
    return hasProgressed;
  }

  /** Ends the client behind what it has yet to read; the first call decides how. */
  #closeClient(code: number, reason: string): void {
    const client = this.#client;
    if (client === undefined || this.#isClientOver || this.#clientEnd !== undefined) return;
    this.#clientEnd = { code, reason };
    // terminate() throws away what waits, and close() gives a slow client about 5 s for it (Bun 1.4.5): with a
    // backlog the end waits for the drain, or for the sweep to find that nothing is read any more.
    if (client.getBufferedAmount() === 0) this.#endClient(client, this.#clientEnd);
  }

  #endClient(client: ClientSocket, { code, reason }: ClosePair): void {
    // Bun runs its `close` handler before these return (Bun 1.4.5).
    if (code === CloseCode.abnormal) client.terminate();
    else client.close(code, reason);
  }

  #note(by: BridgeEnd["by"], code: number, reason: string): void {
    this.#end ??= { by, code, reason };
  }

  #finish(): void {
    if (!this.#isClientOver || !this.#isUpstreamOver || this.#end === undefined || this.#isFinished) return;
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
