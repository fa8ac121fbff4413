import { describe, expect, test } from "bun:test";
import { join } from "../helpers/ws-proxy.ts";
import { Op, type RawSocket } from "../helpers/ws-raw.ts";

/** Answers every ping until the connection ends; gives how many there were. */
async function answerPings(side: RawSocket, enough: number): Promise<void> {
  for (let count = 0; count < enough;) {
    const { opcode, payload } = await side.frame();
    if (opcode !== Op.ping) throw new Error(`a frame with opcode ${opcode}`);
    side.send(Op.pong, payload);
    count++;
  }
}

describe("an idle bridge", () => {
  test("lives as long as both ends answer pings, whose pongs cross to nobody", async () => {
    await using all = await join({ deadAfterMs: 500 });
    // Four unanswered halves would be two deaths.
    await Promise.all([answerPings(all.client, 4), answerPings(all.upstream, 4)]);
    all.client.send(Op.text, "still here");
    let found = await all.upstream.frame();
    while (found.opcode === Op.ping) found = await all.upstream.frame();
    expect(String(found.payload)).toBe("still here");
    expect(all.proxy.ends).toHaveLength(0);
  });

  test.each(["client", "upstream"] as const)("ends when its %s is silent, abruptly", async (dead) => {
    await using all = await join({ deadAfterMs: 400 });
    const other = dead === "client" ? all.upstream : all.client;
    void answerPings(other, Number.POSITIVE_INFINITY).catch(() => {});
    const { rest } = await other.end();
    expect(rest.length).toBe(0);
    other.socket.end();
    all[dead].socket.end();
    expect(await all.proxy.ended()).toMatchObject({
      by: "gatekeeper",
      code: 1006,
      reason: `the ${dead} showed no sign of life`,
    });
  });

  test("is never ended nor pinged where deadAfterMs is 0", async () => {
    await using silent = await join({ deadAfterMs: 0 });
    await using measure = await join({ deadAfterMs: 50 });
    // The other bridge's death is the clock.
    await measure.client.end();
    expect(silent.proxy.ends).toHaveLength(0);
    silent.client.send(Op.text, "first");
    expect((await silent.upstream.frame()).opcode).toBe(Op.text);
  });
});

describe("a side that is held back", () => {
  test("by a receiver that reads nothing is not the one taken for dead", async () => {
    await using all = await join({ deadAfterMs: 400 });
    void answerPings(all.client, Number.POSITIVE_INFINITY).catch(() => {});
    all.upstream.socket.pause();
    const megabyte = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 40; i++) all.client.send(Op.binary, megabyte);
    expect(await all.proxy.ended()).toMatchObject({ reason: "the upstream showed no sign of life" });
  });
});

test("a bridge whose sides do not end after the close is ended by force", async () => {
  await using all = await join({ deadAfterMs: 100 });
  all.client.socket.end();
  // The upstream neither answers nor closes.
  await all.upstream.end();
  expect(await all.proxy.ended()).toMatchObject({ by: "client", code: 1006 });
  expect(all.proxy.bridges.size).toBe(0);
});
