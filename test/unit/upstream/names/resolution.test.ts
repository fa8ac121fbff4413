import { expect, test } from "bun:test";
import type { FoundAddress, Lookup, LookupResult } from "../../../../src/upstream/names/lookup.ts";
import { Resolution } from "../../../../src/upstream/names/resolution.ts";
import { RecordingLog } from "../../../helpers/proxy.ts";
import { until } from "../../../helpers/streams.ts";

function address(host: string): FoundAddress {
  return { host, port: 80, weight: 1, priority: 0, name: "app.test" };
}

function found(...hosts: readonly string[]): LookupResult {
  return { type: "found", addresses: hosts.map(address), ttlMs: 1 };
}

const FAILED: LookupResult = { type: "failed", reason: "no answer" };

function hostsOf({ addresses }: Resolution): readonly string[] {
  return addresses.map(({ host }) => host);
}

test("a lookup that fails leaves the last addresses, is told once with them, and made again", async () => {
  const log = new RecordingLog();
  const results = [found("10.0.0.2", "10.0.0.1"), FAILED, FAILED, found("10.0.0.3")];
  const lasts: (readonly string[])[] = [];
  const lookup: Lookup = async (last) => {
    lasts.push(last.map(({ host }) => host));
    return results[Math.min(lasts.length - 1, results.length - 1)] ?? FAILED;
  };
  using resolution = new Resolution({ name: "app.test", lookup, refreshMs: 5, log });
  await resolution.looked;
  const seen: string[] = [];
  resolution.watch(() => seen.push(hostsOf(resolution).join()));
  await log.until(() => log.lines.some(({ message }) => message === "name cannot be resolved"), "the failure");
  expect(hostsOf(resolution)).toEqual(["10.0.0.1", "10.0.0.2"]);
  await log.until(() => log.lines.some(({ message }) => message === "name has other addresses"), "the other address");
  expect(seen).toEqual(["10.0.0.3"]);
  expect(log.lines.map(({ message }) => message)).toEqual([
    "name cannot be resolved",
    "name is resolved again",
    "name has other addresses",
  ]);
  expect(log.lines[0]?.facts).toEqual({ name: "app.test", reason: "no answer", kept: "10.0.0.1 10.0.0.2" });
  expect(lasts.slice(0, 4)).toEqual([[], ["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "10.0.0.2"]]);
});

test("the same addresses in another order are no change", async () => {
  const log = new RecordingLog();
  let looks = 0;
  const lookup: Lookup = async () => {
    looks++;
    return looks % 2 === 0 ? found("10.0.0.1", "10.0.0.2") : found("10.0.0.2", "10.0.0.1");
  };
  using resolution = new Resolution({ name: "app.test", lookup, refreshMs: 5, log });
  let changes = 0;
  resolution.watch(() => changes++);
  await until(() => looks > 2, "a third look");
  expect(changes).toBe(1);
  expect(log.lines).toEqual([]);
});

test("what is known already is there before the first answer", () => {
  const lookup: Lookup = () => new Promise(() => {});
  const last = [address("10.0.0.1")];
  using resolution = new Resolution({ name: "app.test", lookup, refreshMs: 5, log: new RecordingLog(), last });
  expect(hostsOf(resolution)).toEqual(["10.0.0.1"]);
});

test("with an interval of 0 a name is looked up until there is an answer, and no more", async () => {
  const log = new RecordingLog();
  let looks = 0;
  const lookup: Lookup = async () => (++looks === 1 ? FAILED : found("10.0.0.1"));
  using resolution = new Resolution({ name: "app.test", lookup, refreshMs: 0, log });
  await log.until(() => log.lines.some(({ message }) => message === "name is resolved again"), "the answer");
  expect(hostsOf(resolution)).toEqual(["10.0.0.1"]);
  await Bun.sleep(20);
  expect(looks).toBe(2);
});

test("its end ends the look that is under way, and what that finds is not told", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<LookupResult>();
  let wanted: AbortSignal | undefined;
  const lookup: Lookup = (_last, signal) => {
    wanted = signal;
    return answer;
  };
  const resolution = new Resolution({ name: "app.test", lookup, refreshMs: 5, log: new RecordingLog() });
  resolution[Symbol.dispose]();
  expect(wanted?.aborted).toBe(true);
  resolve(found("10.0.0.1"));
  await resolution.looked;
  expect(hostsOf(resolution)).toEqual([]);
});
