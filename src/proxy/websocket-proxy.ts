import { ProxyError } from "../core/errors.ts";
import type { Log } from "../observe/log.ts";
import type { Peer } from "../upstream/peer.ts";
import { type BridgeData, Bridges, bridgeHandler } from "./bridge.ts";
import type { UpstreamAnswer } from "./lane.ts";
import { addEcho } from "./last-fields.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ProxyHttp, ResponseHead } from "./phases.ts";
import { type Session, SWITCHING_PROTOCOLS } from "./session.ts";
import { Carried } from "./websocket/carried.ts";
import type { HoldOptions } from "./websocket/hold.ts";
import { OpenWebSockets } from "./websocket/open-web-sockets.ts";
import { Redial } from "./websocket/redial.ts";
import { accept, type DialedUpstream, dialUpstream, discard, type UpgradeOptions } from "./upgrade.ts";

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
    ended: (session: Session<Ctx>) => void,
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
      const head: ResponseHead = { status: SWITCHING_PROTOCOLS, headers: dialed.headers };
      await phases.upstreamResponseFilter?.(session, head);
      await phases.responseFilter?.(session, head);
      addEcho(session, dialed.headers);
    } catch (error) {
      discard(dialed);
      throw error;
    }
    session.status = SWITCHING_PROTOCOLS;
    const carried = new Carried(session, peer, { open: this.open, streams: this.#streams }, ended);
    const redial = isHeld ? new Redial({ session, phases, headers, protocol, upgrade: options }, peer) : undefined;
    const failure = join(carried, session, {
      ...dialed,
      options: { ...options, hold: redial && holdBy(redial, carried, session) },
    });
    if (failure === undefined && !isHeld && phases.isObserved !== true) session.letGo();
    return failure;
  }

  [Symbol.dispose](): void {
    this.#bridges[Symbol.dispose]();
  }
}

function join<Ctx>(carried: Carried<Ctx>, session: Session<Ctx>, dialed: DialedUpstream): ProxyError | undefined {
  const bridge = accept(session.downstream.server, session, dialed, carried.onClosed);
  if (bridge === undefined) return new ProxyError("client_gone", "the client left during the handshake");
  carried.begin(bridge);
  return undefined;
}

function holdBy<Ctx>(redial: Redial<Ctx>, carried: Carried<Ctx>, session: Session<Ctx>): HoldOptions | undefined {
  const { owner } = session;
  return (
    owner && {
      config: owner.hold,
      dial: (signal) => redial.round(signal),
      onHeld: () => session.release(),
      onRegained: () => carried.enlist(),
    }
  );
}
