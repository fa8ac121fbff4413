import { expect, test } from "bun:test";
import { type FoundAddress, lookupOf } from "../../../../src/upstream/names/lookup.ts";
import { reachable } from "../../../../src/upstream/names/reachable.ts";
import { DnsServer } from "../../../helpers/dns-server.ts";

const { signal: WANTED } = new AbortController();
const IPV6 = "2001:db8:0:0:0:0:0:1";

function known(host: string, name = "app.test", port = 80): FoundAddress {
  return { host, port, weight: 1, priority: 0, name };
}

function addressesOf(name: string) {
  return { type: "a", name, port: 80, ipv4: true, ipv6: true } as const;
}

test("an address of a family that cannot be asked for stays as it was", async () => {
  await using dns = await DnsServer.start({ "app.test": { a: ["192.0.2.1"] } });
  dns.failing.add("AAAA app.test");
  const lookup = lookupOf(addressesOf("app.test"), [dns.address]);
  const result = await lookup([known("192.0.2.9"), known("2001:db8::9")], WANTED);
  expect(result.type === "found" && result.addresses.map(({ host }) => host)).toEqual(["192.0.2.1", "2001:db8::9"]);
});

test("only the families that count are asked for", async () => {
  await using dns = await DnsServer.start({ "app.test": { a: ["192.0.2.1"], aaaa: [IPV6] } });
  const result = await lookupOf({ ...addressesOf("app.test"), ipv4: false }, [dns.address])([], WANTED);
  expect(result).toEqual({ type: "found", addresses: [known("2001:db8::1")], ttlMs: 1_000 });
  expect(dns.questions).toEqual(["AAAA app.test"]);
});

test("no such name, no address and no answer are told apart", async () => {
  await using dns = await DnsServer.start({ "empty.test": {} });
  const ask = (name: string) => lookupOf(addressesOf(name), [dns.address])([], WANTED);
  expect(await ask("no.test")).toEqual({ type: "failed", reason: "there is no such name" });
  expect(await ask("empty.test")).toEqual({ type: "failed", reason: "the name has no address" });
  dns.mood = "fails";
  expect(await ask("no.test")).toEqual({ type: "failed", reason: "127.0.0.1 answers SERVFAIL" });
});

test("without resolvers the system's is asked, which knows its own files", async () => {
  const result = await lookupOf(addressesOf("localhost"), [])([], WANTED);
  expect(result.type === "found" && result.addresses).toContainEqual(known("127.0.0.1", "localhost"));
});

const SRV = { type: "srv", name: "_app._tcp.test" } as const;

test("a service has its targets' addresses, which share its weight, and their TTLs", async () => {
  await using dns = await DnsServer.start({
    "a.test": { a: ["192.0.2.1", "192.0.2.2"] },
    "b.test": { a: ["192.0.2.3"] },
    "_app._tcp.test": {
      srv: [
        { priority: 1, weight: 6, port: 81, target: "a.test" },
        { priority: 1, weight: 0, port: 82, target: "b.test" },
        { priority: 2, weight: 0, port: 83, target: "b.test" },
      ],
    },
  });
  dns.ttlSeconds = 7;
  const result = await lookupOf(SRV, [dns.address])([], WANTED);
  expect(result.type === "found" && result.ttlMs).toBe(7_000);
  expect(result.type === "found" && result.addresses).toEqual([
    { host: "192.0.2.1", port: 81, weight: 3, priority: 1, name: "a.test" },
    { host: "192.0.2.2", port: 81, weight: 3, priority: 1, name: "a.test" },
    { host: "192.0.2.3", port: 82, weight: 0.01, priority: 1, name: "b.test" },
    { host: "192.0.2.3", port: 83, weight: 1, priority: 2, name: "b.test" },
  ]);
  expect(dns.asked("A b.test")).toBe(1);
});

test("a target that cannot be looked up keeps its addresses, or is left out for the others", async () => {
  await using dns = await DnsServer.start({
    "b.test": { a: ["192.0.2.3"] },
    "_app._tcp.test": { srv: ["a.test", "b.test"].map((target) => ({ priority: 1, weight: 1, port: 81, target })) },
  });
  const lookup = lookupOf(SRV, [dns.address]);
  const hosts = async (last: readonly FoundAddress[]) => {
    const result = await lookup(last, WANTED);
    return result.type === "found" ? result.addresses.map(({ host }) => host) : result.reason;
  };
  expect(await hosts([])).toEqual(["192.0.2.3"]);
  expect(await hosts([known("192.0.2.1", "a.test", 81)])).toEqual(["192.0.2.1", "192.0.2.3"]);
  dns.records.delete("b.test");
  expect(await hosts([])).toBe("b.test: there is no such name");
});

test("a service whose target is the root is decidedly not there", async () => {
  await using dns = await DnsServer.start({
    "_app._tcp.test": { srv: [{ priority: 0, weight: 0, port: 0, target: "" }] },
  });
  const result = await lookupOf(SRV, [dns.address])([], WANTED);
  expect(result).toEqual({ type: "failed", reason: "the service is not offered" });
});

test("addresses of a family that the machine has none of are left out where there are others", () => {
  const own = (address: string, internal = false) => ({ address, internal }) as never;
  const both = ["192.0.2.1", "2001:db8::1"];
  const [loopback, link, ipv4, ipv6] = [own("::1", true), own("fe80::1"), own("192.0.2.9"), own("2001:db8::9")];
  expect(reachable(both, [loopback, link, ipv4])).toEqual(["192.0.2.1"]);
  expect(reachable(both, [ipv6])).toEqual(["2001:db8::1"]);
  expect(reachable(both, [ipv4, ipv6])).toEqual(both);
  expect(reachable(both, [loopback])).toEqual(both);
  expect(reachable(["2001:db8::1"], [ipv4])).toEqual(["2001:db8::1"]);
});
