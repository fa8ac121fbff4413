import { expect, test } from "bun:test";
import dgram from "node:dgram";
import { DnsClient } from "../../../../../src/upstream/names/dns/client.ts";
import { DnsServer } from "../../../../helpers/dns-server.ts";

const { signal: WANTED } = new AbortController();

test("what does not go into a datagram is asked for by TCP", async () => {
  const addresses = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
  await using dns = await DnsServer.start({ "app.test": { a: addresses } });
  const resolved = await new DnsClient([dns.address]).ask("app.test", "A", WANTED);
  expect(resolved.type === "answer" && resolved.records).toHaveLength(100);
  expect(dns.questions).toEqual(["A app.test", "tcp A app.test"]);
});

test("no such name and a name without such records are answers", async () => {
  await using dns = await DnsServer.start({ "app.test": { a: ["192.0.2.1"] } });
  const client = new DnsClient([dns.address]);
  expect(await client.ask("app.test", "AAAA", WANTED)).toEqual({ type: "answer", records: [], isKnownName: true });
  expect(await client.ask("no.test", "A", WANTED)).toEqual({ type: "answer", records: [], isKnownName: false });
});

test("an alias is followed", async () => {
  await using dns = await DnsServer.start({ "app.test": { cname: "real.test" }, "real.test": { a: ["192.0.2.1"] } });
  expect(await new DnsClient([dns.address]).ask("app.test", "A", WANTED)).toEqual({
    type: "answer",
    records: [{ type: "address", address: "192.0.2.1", ttlMs: 1_000 }],
    isKnownName: true,
  });
});

test("the next server is asked when one fails, says nothing, or is not there", async () => {
  await using good = await DnsServer.start({ "app.test": { a: ["192.0.2.1"] } });
  await using failing = await DnsServer.start();
  failing.mood = "fails";
  await using silent = await DnsServer.start();
  silent.mood = "silent";
  const client = new DnsClient(["127.0.0.1:1", silent.address, failing.address, good.address], 50);
  expect((await client.ask("app.test", "A", WANTED)).type).toBe("answer");
  expect([silent.questions.length, failing.questions.length, good.questions.length]).toEqual([1, 1, 1]);
});

test("when nobody answers it is a failure in words, after two rounds", async () => {
  await using dns = await DnsServer.start();
  dns.mood = "fails";
  const client = new DnsClient([dns.address], 50);
  expect(await client.ask("app.test", "A", WANTED)).toEqual({ type: "failure", reason: "127.0.0.1 answers SERVFAIL" });
  dns.mood = "silent";
  expect(await client.ask("app.test", "A", WANTED)).toEqual({
    type: "failure",
    reason: "127.0.0.1: no answer within 50 ms",
  });
  expect(dns.questions).toHaveLength(4);
});

test("answers that are not to its question are waited out", async () => {
  const socket = dgram.createSocket("udp4");
  const { promise: bound, resolve } = Promise.withResolvers<void>();
  socket.bind(0, "127.0.0.1", resolve);
  await bound;
  socket.on("message", (message, { port, address }) => {
    const forged = Buffer.from(message);
    forged.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
    forged.writeUInt16BE(0x8183, 2);
    socket.send(forged, port, address);
    const real = Buffer.from(message);
    real.writeUInt16BE(0x8180, 2);
    socket.send(real, port, address);
  });
  const client = new DnsClient([`127.0.0.1:${socket.address().port}`]);
  expect(await client.ask("app.test", "A", WANTED)).toEqual({ type: "answer", records: [], isKnownName: true });
  socket.close();
});

test("who is not wanted any more stops at once", async () => {
  await using dns = await DnsServer.start();
  dns.mood = "silent";
  const end = new AbortController();
  const asked = new DnsClient([dns.address], 60_000).ask("app.test", "A", end.signal);
  end.abort();
  expect((await asked).type).toBe("failure");
});

test("a server that cannot even be sent to is a failure in words", async () => {
  const resolved = await new DnsClient(["255.255.255.255"], 500).ask("app.test", "A", WANTED);
  expect(resolved.type === "failure" && resolved.reason).toMatch(/^255\.255\.255\.255: (?!no answer)/);
});
