import { ProxyError } from "../core/errors.ts";
import { networkOf } from "../core/network.ts";
import type { Log } from "../observe/log.ts";
import type { Counted, Session } from "./session.ts";

/** How many clients may be served at once by one worker. 0 is no limit. */
export interface MostConnections {
  readonly all: number;
  readonly perClient: number;
}

/** The log is told of refusals no oftener. */
const TELL_EVERY_MS = 60_000;

/** What a worker serves now, over all its configurations. */
export class ConnectionCounts {
  all = 0;
  /** By the network of the client; none is 0. */
  readonly byClient = new Map<string, number>();
  /** Refusals that the log was not told of. */
  refused = 0;
  toldAt = Number.NEGATIVE_INFINITY;
}

/**
 * Limits on what is served at once (nginx's `limit_conn`): a connection counts from the head of a request until the end of
 * its answer, a WebSocket as long as it is open, and over HTTP/2 each request. Idle connections are not counted: Bun tells
 * of none (1.4.5). Over the limit a request is refused at once, with the connection that it came by.
 */
export class ConnectionLimits {
  readonly #counts: ConnectionCounts;
  readonly #most: MostConnections;
  readonly #log: Log;

  constructor(counts: ConnectionCounts, most: MostConnections, log: Log) {
    this.#counts = counts;
    this.#most = most;
    this.#log = log;
  }

  /** Counts a request until its exchange is over, or says why it is refused. */
  enter(session: Session): ProxyError | undefined {
    const { all, perClient } = this.#most;
    const counts = this.#counts;
    if (all > 0 && counts.all >= all) return this.#refuse(TOO_MANY, session);
    // A unix socket has no address to count by, unless a trusted proxy tells one.
    const client = perClient > 0 ? networkOf(session.clientAddress) : "";
    if (client === "") {
      session.counted = new Place(counts, undefined);
      return undefined;
    }
    const own = counts.byClient.get(client) ?? 0;
    if (own >= perClient) return this.#refuse(TOO_MANY_OF_ONE, session);
    counts.byClient.set(client, own + 1);
    session.counted = new Place(counts, client);
    return undefined;
  }

  #refuse(error: ProxyError, { clientAddress }: Session): ProxyError {
    const counts = this.#counts;
    counts.refused++;
    const now = performance.now();
    if (now - counts.toldAt >= TELL_EVERY_MS) {
      this.#log.warn(error.detail, { refused: counts.refused, open: counts.all, latest_client: clientAddress });
      counts.toldAt = now;
      counts.refused = 0;
    }
    return error;
  }
}

/** One that is counted. */
class Place implements Counted {
  readonly #counts: ConnectionCounts;
  readonly #client: string | undefined;

  constructor(counts: ConnectionCounts, client: string | undefined) {
    counts.all++;
    this.#counts = counts;
    this.#client = client;
  }

  leave(): void {
    const { byClient } = this.#counts;
    this.#counts.all--;
    if (this.#client === undefined) return;
    const own = byClient.get(this.#client) ?? 0;
    if (own > 1) byClient.set(this.#client, own - 1);
    else byClient.delete(this.#client);
  }
}

const TOO_MANY = new ProxyError("connection_limit_reached", "max_connections is reached: requests are refused");
const TOO_MANY_OF_ONE = new ProxyError(
  "client_limit_reached",
  "max_connections_per_ip is reached: requests of that client are refused",
);
