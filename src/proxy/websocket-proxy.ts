import { ProxyError } from "../core/errors.ts";
import type { Log } from "../observe/log.ts";
import type { Peer } from "../upstream/peer.ts";
import { type BridgeData, type BridgeEnd, Bridges, bridgeHandler } from "./bridge.ts";
import type { UpstreamAnswer } from "./lane.ts";
import { addEcho } from "./last-fields.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ProxyHttp, ResponseHead } from "./phases.ts";
import type { Session } from "./session.ts";
import type { HoldOptions } from "./websocket/hold.ts";
import { OpenWebSockets } from "./websocket/open-web-sockets.ts";
import { Redial } from "./websocket/redial.ts";
import { accept, dialUpstream, discard, type UpgradeOptions } from "./upgrade.ts";

/** Going away (RFC 6455 7.4.1): what both ends of a WebSocket are told when the proxy, or their route, goes. */
const GOING_AWAY = 1001;
/** The connection ended without a close frame (RFC 6455 7.4.1). */
const ABNORMAL = 1006;

/** Carries the WebSockets of a worker from their handshake to their end. Owns every open one. */
export class WebSocketProxy implements Disposable {
  readonly open = new OpenWebSockets();
  readonly #bridges = new Bridges();
  readonly #streams: OpenStreams;
  readonly #log: Log;

  /** @param streams where each is known while it is open, for a reload that takes its route away */
  constructor(streams: OpenStreams, log: Log) {
    this.#streams = streams;
    this.#log = log;
  }

  /** For Bun.serve. @param maxMessageBytes the largest message of any route; each route's own limit holds beside it */
  handlerFor(maxMessageBytes: number): Bun.WebSocketHandler<BridgeData> {
    return bridgeHandler({ maxMessageBytes });
  }

  /**
   * Dials the peer and accepts the client. Undefined: it became a WebSocket, and when that is over `ended` is
   * called, once. An answer is the origin's refusal, to be passed on. Otherwise why there is neither.
   */
  async serve<Ctx>(
    session: Session<Ctx>,
    peer: Peer,
    headers: Headers,
    phases: ProxyHttp<Ctx>,
    ended: () => void,
  ): Promise<UpstreamAnswer | undefined | ProxyError> {
    const { websocket, timeouts } = peer.options;
    const { owner } = session;
    const isHeld = owner !== undefined && owner.hold.limitMs > 0;
    const options: UpgradeOptions = {
      websocket,
      dialTimeoutMs: timeouts.dialMs,
      bridges: this.#bridges,
      log: this.#log,
      keepsUnsent: isHeld,
    };
    const dialed = await dialUpstream(session, peer, headers, options);
    if (dialed instanceof ProxyError) return dialed;
    const { observation } = session;
    observation?.onHead(dialed.connectMs);
    observation?.endTurn();
    if (dialed.type === "refused") return dialed.answer;
    // The phases may change what the client is told.
    const protocol = dialed.headers.get("sec-websocket-protocol");
    try {
      phases.connectedToUpstream?.(session, peer);
      const head: ResponseHead = { status: 101, headers: dialed.headers };
      await phases.upstreamResponseFilter?.(session, head);
      await phases.responseFilter?.(session, head);
      addEcho(session, dialed.headers);
    } catch (error) {
      discard(dialed);
      throw error;
    }
    session.status = 101;
    let forget: (() => void) | undefined;
    let isOver = false;
    let hold: HoldOptions | undefined;
    if (isHeld) {
      const redial = new Redial({ session, phases, headers, protocol, upgrade: options }, peer);
      hold = {
        config: owner.hold,
        dial: (signal) => redial.round(signal),
        onHeld: () => session.release(),
        onRegained: () => enlist(),
      };
    }
    const bridge = accept(session.downstream.server, session, { ...dialed, options: { ...options, hold } }, (end) => {
      isOver = true;
      forget?.();
      this.open.delete(end.traffic);
      session.error = errorOf(end);
      session.bytesSent = end.traffic.bytesSent;
      if (observation !== undefined) observation.webSocketEnd = end;
      ended();
    });
    if (bridge === undefined) return new ProxyError("client_gone", "the client left during the handshake");
    if (observation !== undefined) observation.traffic = bridge.traffic;
    this.open.add(session, bridge.traffic, Date.now());
    if (isOver) this.open.delete(bridge.traffic);
    /** Makes it known by the peer that carries it, for a reload that takes one of the two away. */
    const enlist = (): void => {
      forget?.();
      if (owner === undefined || isOver) return;
      const { routeKey } = session;
      const goAway = (): void => bridge.goAway(GOING_AWAY, "");
      forget = this.#streams.add({
        routeKey,
        peer: session.peer ?? peer,
        closeDelayMs: owner.streamCloseDelayMs,
        goAway,
      });
    };
    enlist();
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#bridges[Symbol.dispose]();
  }
}

function errorOf(end: BridgeEnd): ProxyError | undefined {
  if (end.code !== ABNORMAL) return undefined;
  switch (end.by) {
    case "upstream":
      return new ProxyError("connection_terminated", "the upstream's WebSocket ended without a close frame");
    case "client":
      return new ProxyError("client_gone", "the client's WebSocket ended without a close frame");
    case "gatekeeper":
      return new ProxyError("read_timeout", end.reason === "" ? "one side of the WebSocket was dead" : end.reason);
  }
}
