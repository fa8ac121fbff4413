import { describe, expect, test } from "bun:test";
import { peerAt, serveBy } from "../helpers/engine.ts";
import { LANES } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

/** Answers `/n` with n bytes; `/n/hold` waits for `go` before the last of them, `/n/break` closes instead. */
function sizedOrigin(go: Promise<void>): RawOrigin {
  return RawOrigin.start(async ({ target, connection }) => {
    const [size = "", how] = target.slice(1).split("/");
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(Number(size) - 1)}`);
    if (how === "break") return connection.end();
    if (how === "hold") await go;
    connection.send("x");
  });
}

describe.each(LANES)("by the $lane lane, answers that are gathered at once", ({ fields }) => {
  test("share a budget: past it they stream chunked, and later ones are gathered again", async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    await using origin = sizedOrigin(go);
    const peer = peerAt(origin.port);
    await using proxy = serveBy({ upstreamPeer: () => peer }, 100);
    await using slow = await RawClient.connect(proxy.port);
    await using client = await RawClient.connect(proxy.port);
    slow.send(`GET /80/hold HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    await origin.exchange();
    // It takes its share when its head is there: from then on an answer of 80 bytes is more than what is left.
    const framings: string[] = [];
    for (let tries = 0; tries < 200 && framings.at(-1) !== "chunked"; tries++) {
      const answer = await client.request("GET", "/80", fields);
      expect(answer.body.length).toBe(80);
      framings.push(answer.framing);
    }
    expect(framings.at(-1)).toBe("chunked");
    expect((await client.request("GET", "/20", fields)).framing).toBe("length");
    resolve();
    const held = await slow.answer();
    expect([held.framing, held.body.length]).toEqual(["length", 80]);
    for (let round = 0; round < 3; round++) {
      const answer = await client.request("GET", "/100", fields);
      expect([answer.framing, answer.body.length]).toEqual(["length", 100]);
    }
  });

  test("give back their share when they break off or are larger than the whole budget", async () => {
    await using origin = sizedOrigin(Promise.resolve());
    const peer = peerAt(origin.port);
    await using proxy = serveBy({ upstreamPeer: () => peer }, 100);
    await using client = await RawClient.connect(proxy.port);
    for (let round = 0; round < 3; round++) {
      expect((await client.request("GET", "/60/break", fields)).status).toBe(502);
      expect((await client.request("GET", "/101", fields)).framing).toBe("chunked");
      expect((await client.request("GET", "/100", fields)).framing).toBe("length");
    }
    expect(peer.inFlight).toBe(0);
  });
});
