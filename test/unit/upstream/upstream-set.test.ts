import { expect, test } from "bun:test";
import { isName } from "../../../src/upstream/names/lookup.ts";
import type { Names } from "../../../src/upstream/names/names.ts";
import { Resolution } from "../../../src/upstream/names/resolution.ts";
import { Peers } from "../../../src/upstream/peers.ts";
import { UpstreamSet } from "../../../src/upstream/upstream-set.ts";
import { RecordingLog, reverseProxy } from "../../helpers/proxy.ts";

const address = (host: string) => ({ host, port: 80, weight: 1, name: "app.test" });

test("names are what is no IP and not this machine", () => {
  expect(["app.test", "127.0.0.1", "::1", "localhost", "a.localhost", "db"].map(isName)).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test("a thousand changes of a name leave the peers of now, and nobody who watches", async () => {
  let found = [address("10.0.0.0")];
  using resolution = new Resolution(
    "app.test",
    async () => ({ addresses: found, ttlMs: undefined }),
    0,
    new RecordingLog(),
  );
  await resolution.looked;
  let change = (): void => {};
  let watching = 0;
  const names = {
    watchName: (_name: string, _port: number, _resolve: unknown, onChange: () => void) => {
      change = onChange;
      watching++;
      return { resolution: { addresses: found, looked: Promise.resolve() }, letGo: () => watching-- };
    },
  } as unknown as Names;
  const peers = new Peers();
  const set = new UpstreamSet(reverseProxy([{ type: "tcp", host: "app.test", port: 80, tls: false }]), peers, names);
  for (let i = 1; i <= 1_000; i++) {
    // The list that the set looks at is changed in place.
    found.splice(0, found.length, address(`10.0.${i >> 8}.${i & 255}`));
    change();
    peers.retain(new Set(set.peers));
    expect(set.peers.map(({ name }) => name)).toEqual([`app.test:80 (10.0.${i >> 8}.${i & 255})`]);
  }
  expect(peers.size).toBe(1);
  set[Symbol.dispose]();
  expect(watching).toBe(0);
  found = [];
});

test("a lookup that fails leaves the last addresses, is told once, and tried again", async () => {
  const log = new RecordingLog();
  const results: (Error | string)[] = ["10.0.0.1", new Error("no answer"), new Error("no answer"), "10.0.0.2"];
  let asked = 0;
  using resolution = new Resolution(
    "app.test",
    async () => {
      const result = results[Math.min(asked++, results.length - 1)] ?? "";
      if (result instanceof Error) throw result;
      return { addresses: [address(result)], ttlMs: 1 };
    },
    5,
    log,
  );
  await resolution.looked;
  const seen: string[] = [];
  resolution.watch(() => seen.push(resolution.addresses.map(({ host }) => host).join()));
  await log.until(() => log.lines.some(({ message }) => message === "name cannot be resolved"), "the failure");
  expect(resolution.addresses.map(({ host }) => host)).toEqual(["10.0.0.1"]);
  await log.until(() => log.lines.some(({ message }) => message === "name has other addresses"), "the other address");
  expect(seen).toEqual(["10.0.0.2"]);
  expect(log.lines.map(({ message }) => message)).toEqual([
    "name cannot be resolved",
    "name is resolved again",
    "name has other addresses",
  ]);
});
