import { describe, expect, test } from "bun:test";
import { join, local, startWebSocketProxy } from "../helpers/ws-proxy.ts";
import { closePayload, frame, Op, RawOrigin, rawClient } from "../helpers/ws-raw.ts";

const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];

describe.each(["client", "upstream"] as const)("a close frame from the %s", (from) => {
  test.each(codes)("with code %d crosses with its reason, and is answered", async (code) => {
    await using all = await join();
    const receiver = from === "client" ? all.upstream : all.client;
    all[from].send(Op.close, closePayload(code, "goodbye é"));
    const close = await receiver.frame();
    expect([close.opcode, close.payload]).toEqual([Op.close, closePayload(code, "goodbye é")]);
    const answer = await all[from].frame();
    expect([answer.opcode, answer.payload.readUInt16BE(0)]).toEqual([Op.close, code]);
    receiver.send(Op.close, closePayload(code));
    receiver.socket.end();
    all[from].socket.end();
    expect(await all.proxy.ended()).toMatchObject({ by: from, code, reason: "goodbye é" });
    expect(all.proxy.bridges.size).toBe(0);
  });

  test("without a code (1005) crosses without one", async () => {
    await using all = await join();
    const receiver = from === "client" ? all.upstream : all.client;
    all[from].send(Op.close);
    const close = await receiver.frame();
    expect([close.opcode, close.payload.length]).toEqual([Op.close, 0]);
    expect((await all[from].frame()).payload.length).toBe(0);
    receiver.socket.end();
    all[from].socket.end();
    expect(await all.proxy.ended()).toMatchObject({ by: from, code: 1005, reason: "" });
  });

  test("comes behind every message that was sent before it", async () => {
    await using all = await join();
    const receiver = from === "client" ? all.upstream : all.client;
    receiver.socket.pause();
    const big = Buffer.alloc(1024 * 1024, 5);
    for (let i = 0; i < 12; i++) all[from].send(Op.binary, big);
    all[from].send(Op.close, closePayload(4000, "done"));
    // The proxy holds what the receiver does not read; nothing of it may go when the sender's side is over.
    if (from === "upstream") all.upstream.socket.end();
    receiver.socket.resume();
    for (let i = 0; i < 12; i++) expect((await receiver.frame()).payload.length).toBe(big.length);
    expect((await receiver.frame()).payload).toEqual(closePayload(4000, "done"));
    receiver.socket.end();
    await all.proxy.ended();
  });
});

describe.each(["client", "upstream"] as const)("an abrupt end of the %s (1006)", (from) => {
  test.each(["fin", "reset"] as const)("by %s ends the other side without a close frame", async (how) => {
    await using all = await join();
    const receiver = from === "client" ? all.upstream : all.client;
    all[from].send(Op.text, "last words");
    expect(String((await receiver.frame()).payload)).toBe("last words");
    if (how === "fin") all[from].socket.end();
    else all[from].socket.resetAndDestroy();
    const { rest } = await receiver.end();
    expect(rest.length).toBe(0);
    receiver.socket.end();
    expect(await all.proxy.ended()).toMatchObject({ by: from, code: 1006 });
    expect(all.proxy.bridges.size).toBe(0);
  });

  test("comes behind every message that was sent before it", async () => {
    await using all = await join();
    const receiver = from === "client" ? all.upstream : all.client;
    receiver.socket.pause();
    const big = Buffer.alloc(1024 * 1024, 5);
    for (let i = 0; i < 12; i++) all[from].send(Op.binary, big);
    all[from].socket.end();
    receiver.socket.resume();
    for (let i = 0; i < 12; i++) expect((await receiver.frame()).payload.length).toBe(big.length);
    expect((await receiver.end()).rest.length).toBe(0);
    receiver.socket.end();
    await all.proxy.ended();
  });
});

test("an upstream that closes right behind its 101 still has its messages delivered", async () => {
  await using origin = await RawOrigin.start();
  await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
  for (const close of [frame(Op.close, closePayload(1013, "full")), Buffer.alloc(0)]) {
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    upstream.accept([], Buffer.concat([frame(Op.text, "sorry"), close]));
    upstream.socket.end();
    await client.head();
    expect(String((await client.frame()).payload)).toBe("sorry");
    if (close.length > 0) expect((await client.frame()).payload).toEqual(closePayload(1013, "full"));
    else await client.end();
    client.socket.end();
  }
  await proxy.ended(2);
  expect(proxy.ends.map((end) => end.code)).toEqual([1013, 1006]);
});

describe("an upstream that breaks the protocol", () => {
  const faults: readonly (readonly [string, Buffer, number])[] = [
    ["masks", frame(Op.text, "x", { masked: true }), 1002],
    ["sets reserved bits", Buffer.from([0xc1, 0]), 1002],
    ["uses an unknown opcode", Buffer.from([0x83, 0]), 1002],
    ["uses an unknown control opcode", Buffer.from([0x8b, 0]), 1002],
    ["fragments a ping", Buffer.from([0x09, 0]), 1002],
    ["sends a long ping", Buffer.from([0x89, 126, 0, 126]), 1002],
    ["continues nothing", Buffer.from([0x80, 0]), 1002],
    ["begins a message inside another", Buffer.from([0x01, 0, 0x81, 0]), 1002],
    ["closes with half a code", Buffer.from([0x88, 1, 3]), 1002],
    ["closes with 1005", frame(Op.close, closePayload(1005)), 1002],
    ["closes with 999", frame(Op.close, closePayload(999)), 1002],
    ["sends text that is not UTF-8", frame(Op.text, Buffer.from([0xc0, 0xaf])), 1007],
    ["gives a reason that is not UTF-8", frame(Op.close, Buffer.from([3, 232, 0xff])), 1007],
    ["claims 2^63 bytes", Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ];
  test.each(faults)("(%s) is closed, and the client is told 1014 or 1009", async (_name, bytes, code) => {
    await using all = await join();
    all.upstream.socket.write(Buffer.concat([frame(Op.text, "good"), bytes]));
    expect(String((await all.client.frame()).payload)).toBe("good");
    expect((await all.client.frame()).payload).toEqual(closePayload(code === 1009 ? 1009 : 1014));
    expect((await all.upstream.frame()).payload).toEqual(closePayload(code));
    all.upstream.socket.end();
    expect(await all.proxy.ended()).toMatchObject({ by: "gatekeeper" });
  });
});

test("a client that breaks the protocol ends its upstream abruptly", async () => {
  await using all = await join();
  all.client.send(Op.text, Buffer.from([0xff]));
  expect((await all.client.frame()).payload.readUInt16BE(0)).toBe(1007);
  expect((await all.upstream.end()).rest.length).toBe(0);
  all.upstream.socket.end();
  expect(await all.proxy.ended()).toMatchObject({ by: "client", code: 1006 });
});

test("draining closes both sides of every bridge", async () => {
  await using all = await join();
  all.proxy.bridges.goAway(1001, "restarting");
  for (const side of [all.client, all.upstream]) {
    expect((await side.frame()).payload).toEqual(closePayload(1001, "restarting"));
    side.send(Op.close, closePayload(1001));
    side.socket.end();
  }
  expect(await all.proxy.ended()).toMatchObject({ by: "gatekeeper", code: 1001, reason: "restarting" });
  expect(all.proxy.bridges.size).toBe(0);
});

test("each bridge is told closed once, whoever closes at the same time", async () => {
  await using all = await join();
  all.client.send(Op.close, closePayload(4001));
  all.upstream.send(Op.close, closePayload(4002));
  all.upstream.socket.end();
  all.client.socket.end();
  await all.proxy.ended();
  all.proxy.bridges.goAway(1001, "");
  all.proxy.bridges.terminate();
  expect(all.proxy.ends).toHaveLength(1);
});
