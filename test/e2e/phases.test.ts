import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/core/errors.ts";
import type { ProxyHttp } from "../../src/proxy/phases.ts";
import type { Session } from "../../src/proxy/session.ts";
import type { Peer } from "../../src/upstream/peer.ts";
import { peerAt, serveBy } from "../helpers/engine.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const FIELDS = ["Host: example.com", "User-Agent: test", "Accept: */*"];

/** A whole other implementation of the phases: an API gateway in twenty lines. */
class TinyGateway implements ProxyHttp<{ user: string }> {
  readonly #peer: Peer;
  readonly served: string[] = [];

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  newCtx() {
    return { user: "" };
  }

  requestFilter(session: Session<{ user: string }>) {
    const key = session.request.headers.get("x-key");
    if (key === null) return new Response("who are you?\n", { status: 401 });
    session.ctx.user = key;
    return undefined;
  }

  upstreamPeer() {
    return this.#peer;
  }

  upstreamRequestFilter(session: Session<{ user: string }>, headers: Headers) {
    headers.delete("x-key");
    headers.set("X-User", session.ctx.user);
  }

  logging(session: Session<{ user: string }>) {
    this.served.push(`${session.ctx.user} ${session.path} ${session.status}`);
  }
}

describe("the phases", () => {
  test("the engine serves by another implementation than the gateway", async () => {
    await using origin = RawOrigin.start(ANSWER);
    const tiny = new TinyGateway(peerAt(origin.port));
    await using proxy = serveBy(tiny);
    await using client = await RawClient.connect(proxy.port);

    const refused = await client.request("GET", "/a", FIELDS);
    expect(refused.status).toBe(401);
    expect(refused.body.toString()).toBe("who are you?\n");
    expect(origin.exchanges).toHaveLength(0);

    const served = await client.request("GET", "/b?c=d", [...FIELDS, "X-Key: ann"]);
    expect(served.status).toBe(200);
    expect(served.body.toString()).toBe("hello");
    const { head } = await origin.exchange();
    expect(head.start).toBe("GET /b?c=d HTTP/1.1");
    expect(valueOf(head, "x-user")).toBe("ann");
    expect(valueOf(head, "x-key")).toBeUndefined();
    expect(tiny.served).toEqual([" /a 401", "ann /b 200"]);
  });

  test("every hook runs, in the documented order, with promises or without", async () => {
    for (const wait of [<T>(value: T) => value, <T>(value: T) => Promise.resolve(value)]) {
      await using origin = RawOrigin.start(ANSWER);
      const good = peerAt(origin.port);
      const bad = peerAt(refusingPort());
      const order: string[] = [];
      const note = <T>(name: string, value: T): T => {
        order.push(name);
        return value;
      };
      await using proxy = serveBy<number>({
        newCtx: () => note("newCtx", 7),
        earlyRequestFilter: () => wait(note("earlyRequestFilter", undefined)),
        requestFilter: () => wait(note("requestFilter", undefined)),
        upstreamPeer: (session) => wait(note("upstreamPeer", session.attempts === 0 ? bad : good)),
        upstreamRequestFilter: () => wait(note("upstreamRequestFilter", undefined)),
        requestBodyFilter: () => wait(note("requestBodyFilter", Buffer.from("BODY"))),
        connectedToUpstream: () => note("connectedToUpstream", undefined),
        failToConnect: () => note("failToConnect", "retry"),
        upstreamResponseFilter: (_session, head) => wait(note("upstreamResponseFilter", head.headers.set("X-Up", "1"))),
        responseFilter: (_session, head) => {
          head.status = 203;
          return wait(note("responseFilter", undefined));
        },
        responseBodyFilter: (_session, chunk) =>
          wait(note("responseBodyFilter", Buffer.from(Buffer.from(chunk).toString().toUpperCase()))),
        logging: (session) => note(`logging ${session.ctx} ${session.status} ${session.attempts}`, undefined),
      });
      await using client = await RawClient.connect(proxy.port);
      const answer = await client.request("POST", "/", [...FIELDS, "Content-Length: 4"], "body");
      expect(answer.status).toBe(203);
      expect(valueOf(answer.head, "x-up")).toBe("1");
      expect(answer.body.toString()).toBe("HELLO");
      expect((await (await origin.exchange()).body()).toString()).toBe("BODY");
      expect(order).toEqual([
        "newCtx",
        "earlyRequestFilter",
        "requestFilter",
        "upstreamPeer",
        "upstreamRequestFilter",
        "failToConnect",
        "upstreamPeer",
        "upstreamRequestFilter",
        "requestBodyFilter",
        "connectedToUpstream",
        "upstreamResponseFilter",
        "responseFilter",
        "responseBodyFilter",
        "logging 7 203 2",
      ]);
    }
  });

  test("without a phase that chooses a peer every request is answered 503", async () => {
    await using proxy = serveBy({});
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", FIELDS);
    expect(answer.status).toBe(503);
    expect(valueOf(answer.head, "proxy-status")).toContain("no_peer_available");
  });

  test("failToProxy may give its own page, and logging still runs once", async () => {
    const logged: (string | undefined)[] = [];
    await using proxy = serveBy({
      requestFilter: () => new ProxyError("no_route", "not here"),
      failToProxy: (_session, error) => new Response(`sorry: ${error.kind}`, { status: error.status }),
      logging: (session) => void logged.push(session.error?.kind),
    });
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", FIELDS);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toBe("sorry: no_route");
    expect(logged).toEqual(["no_route"]);
  });

  test("errorWhileProxy is honoured for a GET, never for a POST that may have been sent", async () => {
    let hangUps = 0;
    await using broken = RawOrigin.start((exchange) => {
      hangUps++;
      exchange.connection.reset();
    });
    await using origin = RawOrigin.start(ANSWER);
    const peers = [peerAt(broken.port), peerAt(origin.port)];
    await using proxy = serveBy({
      upstreamPeer: (session) => peers[session.attempts] ?? new ProxyError("no_peer_available", "none left"),
      errorWhileProxy: () => "retry",
    });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", FIELDS)).status).toBe(200);
    const before = hangUps;
    expect(before).toBeGreaterThan(0);
    const posted = await client.request("POST", "/", [...FIELDS, "Content-Length: 2"], "hi");
    expect(posted.status).toBe(502);
    expect(origin.exchanges).toHaveLength(1);
  });

  test("a hook that throws is answered 500, logged once with its stack, and harms nothing else", async () => {
    let isBroken = true;
    await using origin = RawOrigin.start(ANSWER);
    const peer = peerAt(origin.port);
    const logged: (string | undefined)[] = [];
    await using proxy = serveBy({
      upstreamPeer: () => peer,
      upstreamResponseFilter: async () => {
        if (isBroken) throw new Error("a bug");
      },
      logging: (session) => void logged.push(session.error?.detail),
    });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", FIELDS)).status).toBe(500);
    expect(logged[0]).toContain("a bug");
    isBroken = false;
    expect((await client.request("GET", "/", FIELDS)).status).toBe(200);
    expect(logged).toHaveLength(2);
    expect(peer.inFlight).toBe(0);
  });
});
