import { expect, test } from "bun:test";
import { isName } from "../../../src/upstream/names/addresses.ts";
import type { Names } from "../../../src/upstream/names/names.ts";
import { Peers } from "../../../src/upstream/peers.ts";
import { UpstreamSet } from "../../../src/upstream/upstream-set.ts";
import { reverseProxy } from "../../helpers/proxy.ts";

const address = (host: string) => ({ host, port: 80, weight: 1, priority: 0, name: "app.test" });

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
  const found = [address("10.0.0.0")];
  let change = (): void => {};
  let watching = 0;
  const names = {
    watch: (_sought: unknown, _resolve: unknown, onChange: () => void) => {
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
});
