import { expect, test } from "bun:test";
import { drainingAfter, meantBy, unknownPeer } from "../../../src/process/drained.ts";
import type { PeerStatus } from "../../../src/upstream/peer-status.ts";

function peer(name: string, upstream = name): PeerStatus {
  return {
    name,
    upstream,
    isUp: true,
    isSuspect: false,
    isDraining: false,
    inFlight: 0,
    down: undefined,
    failures: 0,
    breaker: undefined,
    lastFailure: undefined,
  };
}

const ONE = "a.test:80 (192.0.2.1)";
const TWO = "a.test:80 (192.0.2.2)";
const PEERS = [
  peer("127.0.0.1:3000"),
  peer("localhost:3001"),
  peer("https://b.test:443"),
  peer("unix//run/app.sock"),
  peer(ONE, "a.test:80"),
  peer(TWO, "a.test:80"),
];

test.each([
  ["127.0.0.1:3000", ["127.0.0.1:3000"]],
  ["http://127.0.0.1:3000", ["127.0.0.1:3000"]],
  [":3001", ["localhost:3001"]],
  [":3000-3001", ["localhost:3001"]],
  ["https://b.test", ["https://b.test:443"]],
  ["b.test:443", ["https://b.test:443"]],
  ["unix//run/app.sock", ["unix//run/app.sock"]],
  ["a.test", ["a.test:80"]],
  [ONE, [ONE]],
  [":3000", []],
  ["nonsense here", []],
])("%s means %j", (text, names) => {
  expect(meantBy(text, PEERS)).toEqual(names);
});

test("who is called otherwise is told who was meant", () => {
  const help = (text: string): string => unknownPeer(text, PEERS).help;
  expect(help(":3000")).toBe("did you mean 127.0.0.1:3000?");
  expect(help("127.0.0.1:300")).toBe("did you mean 127.0.0.1:3000?");
  expect(help("zzz")).toStartWith("the peers are: 127.0.0.1:3000, localhost:3001,");
});

test("an upstream is drained as a whole or by its addresses, and one of them may be taken back alone", () => {
  const after = (draining: readonly string[], meant: readonly string[], on: boolean): readonly string[] =>
    drainingAfter(draining, { peers: PEERS, meant, on });
  expect(after([], ["a.test:80"], true)).toEqual(["a.test:80"]);
  expect(after(["a.test:80", "x:1"], ["x:1"], true)).toEqual(["a.test:80", "x:1"]);
  expect(after(["a.test:80", "x:1"], ["a.test:80"], false)).toEqual(["x:1"]);
  expect(after(["a.test:80"], [ONE], false)).toEqual([TWO]);
  expect(after([ONE, TWO, "x:1"], ["a.test:80"], false)).toEqual(["x:1"]);
  expect(after([], [ONE], false)).toEqual([]);
});
