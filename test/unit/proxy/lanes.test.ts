import { expect, test } from "bun:test";
import { ExactLane } from "../../../src/proxy/exact/exact-lane.ts";
import { FetchLane } from "../../../src/proxy/fetch-lane.ts";
import type { Outgoing } from "../../../src/proxy/lane.ts";
import { Lanes } from "../../../src/proxy/lanes.ts";
import { peerAt } from "../../helpers/engine.ts";
import { reverseProxy } from "../../helpers/proxy.ts";
import { until } from "../../helpers/streams.ts";
import { Peer, type PeerOptions } from "../../../src/upstream/peer.ts";

function outgoing(fields: Record<string, string>, target = "/"): Outgoing {
  const { signal } = new AbortController();
  return { method: "GET", target, headers: new Headers(fields), body: undefined, signal };
}

const USUAL = { "User-Agent": "a", Accept: "*/*" };

test("the exact lane takes all but streamed uploads, and what goes over HTTP/2", () => {
  using lanes = new Lanes();
  const at = (port: number, http2: boolean) => {
    const address = { type: "tcp", host: "127.0.0.1", port, tls: http2 } as const;
    const { upstreamTls, ...options } = reverseProxy([address], { client: "exact" });
    return new Peer(address, { ...options, upstreamTls: { ...upstreamTls, http2 } } satisfies PeerOptions);
  };
  const peer = at(1, false);
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, { ...outgoing(USUAL), body: new Uint8Array(3) })).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, { ...outgoing(USUAL), body: new ReadableStream() })).toBeInstanceOf(FetchLane);
  expect(lanes.of(at(2, true), outgoing(USUAL))).toBeInstanceOf(FetchLane);
});

test("where fetch is chosen it takes what it does not change; the exact lane takes the rest", () => {
  using lanes = new Lanes();
  const peer = peerAt(1);
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
  expect(lanes.of(peer, outgoing({ Accept: "*/*" }))).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, outgoing({ "User-Agent": "a" }))).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, outgoing(USUAL, "//a"))).toBeInstanceOf(ExactLane);
});

test("requests past the connections that fetch keeps take the exact lane, and fetch's again when there are fewer", () => {
  using lanes = new Lanes();
  const peer = peerAt(1);
  peer.inFlight = 60;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
  peer.inFlight = 61;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(ExactLane);
  peer.inFlight = 1;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
});

test("two peers share what fetch keeps", () => {
  using lanes = new Lanes();
  const [one, other] = [peerAt(1), peerAt(2)];
  lanes.of(other, outgoing(USUAL));
  lanes.of(one, outgoing(USUAL));
  one.inFlight = 31;
  expect(lanes.of(one, outgoing(USUAL))).toBeInstanceOf(ExactLane);
});

test("a peer that is gone is sent what had begun, and does not count among those that share", () => {
  using lanes = new Lanes();
  const [stays, goes] = [peerAt(1), peerAt(2)];
  const [before] = [lanes.of(goes, outgoing(USUAL)), lanes.of(stays, outgoing(USUAL))];
  lanes.retain(new Set([stays]));
  stays.inFlight = 31;
  expect(lanes.of(stays, outgoing(USUAL))).toBeInstanceOf(FetchLane);
  expect(lanes.of(goes, outgoing(USUAL))).toBe(before);
  expect(lanes.of(stays, outgoing(USUAL))).toBeInstanceOf(FetchLane);
});

test.each([
  ["fetch", USUAL],
  ["exact", {}],
] as const)("connections to a peer that is gone are closed when its requests are over (%s lane)", async (_, fields) => {
  using lanes = new Lanes();
  let open = 0;
  let answer = (): void => {};
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const handlers = {
    data: (socket: Bun.Socket) => {
      resolve();
      answer = () => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    },
    open: () => void open++,
    close: () => void open--,
  };
  using origin = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: handlers });
  const peer = peerAt(origin.port);
  const message = outgoing({ Host: "a.test", ...fields });
  peer.inFlight++;
  const sent = lanes.of(peer, message).send(message);
  await asked;
  lanes.retain(new Set());
  answer();
  expect(Buffer.from(await (await sent).bytes()).toString()).toBe("ok");
  peer.inFlight--;
  await until(() => open === 0, "the end of the connection");
});
