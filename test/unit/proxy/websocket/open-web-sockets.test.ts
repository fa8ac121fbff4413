import { describe, expect, test } from "bun:test";
import type { Session } from "../../../../src/proxy/session.ts";
import { OpenWebSockets } from "../../../../src/proxy/websocket/open-web-sockets.ts";
import { Traffic } from "../../../../src/proxy/websocket/traffic.ts";

/** The little of a session that is told of a WebSocket. */
function sessionAt(path: string): Session {
  return { clientAddress: "192.0.2.1", host: "a.example", path, peer: undefined } as unknown as Session;
}

function open(sockets: OpenWebSockets, path = "/", openedAt = 0): Traffic {
  const traffic = new Traffic();
  sockets.add(sessionAt(path), traffic, openedAt);
  return traffic;
}

describe("messages", () => {
  test("are those of open and of closed ones, each once", () => {
    const sockets = new OpenWebSockets();
    const [first, second] = [open(sockets), open(sockets)];
    for (let i = 0; i < 3; i++) first.received("a");
    second.sent(Buffer.from("b"));
    expect(sockets.takeMessages()).toEqual({ messagesReceived: 3, messagesSent: 1 });
    first.received("c");
    sockets.delete(first);
    sockets.delete(first);
    second.sent(Buffer.from("d"));
    expect(sockets.size).toBe(1);
    expect(sockets.takeMessages()).toEqual({ messagesReceived: 1, messagesSent: 1 });
    expect(sockets.takeMessages()).toEqual({ messagesReceived: 0, messagesSent: 0 });
  });
});

describe("what is told", () => {
  test("is the busiest, a hundred at most", () => {
    const sockets = new OpenWebSockets();
    for (let i = 0; i < 150; i++) {
      const traffic = open(sockets, `/${i}`);
      for (let count = 0; count < i; count++) traffic.received("x");
    }
    const told = sockets.tell(1_000);
    expect(told).toHaveLength(100);
    expect(told.slice(0, 2).map(({ path }) => path)).toEqual(["/149", "/148"]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(100);
  });

  test("has rates since it was told last, or since it was opened where that is later", () => {
    const sockets = new OpenWebSockets();
    const old = open(sockets, "/old", 0);
    for (let i = 0; i < 100; i++) old.received("x");
    expect(sockets.tell(10_000)[0]?.messagesPerSecond).toBeCloseTo(10, 5);
    for (let i = 0; i < 4; i++) old.sent(Buffer.from("x"));
    const young = open(sockets, "/young", 11_500);
    for (let i = 0; i < 5; i++) young.received("x");
    const rates = Object.fromEntries(sockets.tell(12_000).map((each) => [each.path, each.messagesPerSecond]));
    expect(rates["/old"]).toBeCloseTo(2, 5);
    expect(rates["/young"]).toBeCloseTo(10, 5);
  });

  test("keeps a rate for a moment, so that two who ask do not spoil each other's", () => {
    const sockets = new OpenWebSockets();
    const traffic = open(sockets, "/", 0);
    for (let i = 0; i < 10; i++) traffic.received("x");
    expect(sockets.tell(1_000)[0]?.messagesPerSecond).toBeCloseTo(10, 5);
    expect(sockets.tell(1_010)[0]?.messagesPerSecond).toBeCloseTo(10, 5);
    traffic.received("x");
    expect(sockets.tell(2_000)[0]?.messagesPerSecond).toBeCloseTo(1, 5);
    expect(sockets.tell(3_000)[0]?.messagesPerSecond).toBe(0);
  });
});
