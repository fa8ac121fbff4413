import { expect, test } from "bun:test";
import type { GatewaySession } from "../../../src/proxy/gateway-ctx.ts";
import { PeerQueue } from "../../../src/proxy/peer-queue.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { reverseProxy } from "../../helpers/proxy.ts";

const LIMIT = { maxRequests: 1, maxQueued: 10, queueTimeoutMs: 5_000 };

function peerAt(port: number): Peer {
  return new Peer({ type: "tcp", host: "127.0.0.1", port, tls: false }, reverseProxy([], { limit: LIMIT }));
}

function session(): GatewaySession {
  const hold = (peer: Peer): number => peer.inFlight++;
  return { request: new Request("http://a.test/"), hold } as unknown as GatewaySession;
}

test("peers that come take those who wait, as many as they have places; those that went are listened to no longer", async () => {
  const full = peerAt(1);
  full.inFlight = 1;
  let peers: readonly Peer[] = [full];
  const queue = new PeerQueue(
    () => peers,
    LIMIT,
    () => peers.find((peer) => peer.available),
  );
  const served: number[] = [];
  const waits = [0, 1, 2].map(async (number) => {
    const peer = await queue.wait(session());
    served.push(number);
    return peer;
  });
  peers = [peerAt(2), peerAt(3)];
  queue.onPeersChanged();
  expect(await Promise.all(waits.slice(0, 2))).toEqual([...peers]);
  await Bun.sleep(5);
  expect([served, queue.isWaitedIn]).toEqual([[0, 1], true]);
  expect(peers.map(({ inFlight }) => inFlight)).toEqual([1, 1]);
  expect(full.life.onFreed.size).toBe(0);
  for (const peer of peers.slice(1)) peer.inFlight = 0;
  await waits[2];
  expect(queue.isWaitedIn).toBe(false);
  expect(peers.map(({ life }) => life.onFreed.size)).toEqual([0, 0]);
});
