import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ask } from "./faults/asker.ts";
import { BODY_FAULTS } from "./faults/body-faults.ts";
import { CONNECTION_FAULTS } from "./faults/connection-faults.ts";
import type { Asker, Fault, Outcome } from "./faults/fault.ts";
import { HEAD_FAULTS } from "./faults/head-faults.ts";
import { LIMITS_MS, pathOf, Setting } from "./faults/setting.ts";
import { TLS_FAULTS } from "./faults/tls-faults.ts";
import { UPLOAD_FAULTS } from "./faults/upload-faults.ts";
import { WEBSOCKET_FAULTS } from "./faults/websocket-faults.ts";

setDefaultTimeout(30_000);

const FAULTS: readonly Fault[] = [
  ...CONNECTION_FAULTS,
  ...HEAD_FAULTS,
  ...BODY_FAULTS,
  ...UPLOAD_FAULTS,
  ...TLS_FAULTS,
  ...WEBSOCKET_FAULTS,
];
const ASKERS: readonly Asker[] = ["fetch lane", "exact lane", "HTTP/2"];
/** No outcome takes longer than the proxy's limits one after the other, and a busy machine's second. */
const BOUND_MS = LIMITS_MS.dial + LIMITS_MS.responseHeader + LIMITS_MS.read + 1_500;
const REST_DEADLINE_MS = 5_000;

let setting: Setting;
let socketsBefore = 0;

beforeAll(async () => {
  setting = await Setting.start(FAULTS, ASKERS);
  socketsBefore = await setting.sockets();
});

afterAll(async () => {
  await setting[Symbol.asyncDispose]();
});

describe.each(ASKERS)("asked by %s, an origin that", (asker) => {
  test.each(faultsFor(asker).map((fault) => [fault.name, fault] as const))("%s", async (_name, fault) => {
    const path = pathOf(fault, asker);
    const question = {
      method: fault.method ?? "GET",
      path,
      bodyBytes: fault.bodyBytes ?? 0,
      isHandshake: fault.isHandshake === true,
    };
    const began = performance.now();
    const outcome = await ask(asker, setting.doors, question);
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    expect(fitting(outcome, fault.but?.[asker] ?? fault.expected)).toEqual(outcome);
    if (fault.next !== undefined) {
      const next = await ask(asker, setting.doors, { method: "GET", path, bodyBytes: 0, isHandshake: false });
      expect(next).toEqual({ type: "whole", status: 200, body: fault.next });
    }
    await until(
      async () => (await setting.peer(path)).inFlight === 0,
      () => "requests in flight",
    );
    // A failure of the peer's is a strike; the only one stays in use all the same.
    const isStrike = fault.isStrike ?? (outcome.type === "refused" || outcome.type === "broken");
    const { isUp, isSuspect } = await setting.peer(path);
    expect({ isUp, isSuspect }).toEqual({ isUp: true, isSuspect: isStrike });
    // One that can be used again may be kept, no more.
    await until(
      () => setting.openTo(path) <= 1,
      () => `${setting.openTo(path)} connections to the origin`,
    );
  });
});

test("afterwards the proxy is at rest", async () => {
  // Kept connections, and the doors.
  const most = socketsBefore + FAULTS.length * ASKERS.length;
  let sockets = Number.POSITIVE_INFINITY;
  expect((await setting.peers()).filter(({ inFlight }) => inFlight > 0)).toEqual([]);
  await until(
    async () => (sockets = await setting.sockets()) <= most,
    () => `${sockets} sockets, ${most} at most`,
  );
});

test("faults over and over do not make the proxy grow", async () => {
  const quick = [...HEAD_FAULTS, ...BODY_FAULTS].filter(
    ({ name }) => !/silent|drips|without end|2 MB|endless/.test(name),
  );
  const ROUNDS = 6;
  const residentMb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let again = 0; again < 5; again++) {
      await Promise.all(
        quick.map((fault) => {
          const path = pathOf(fault, "fetch lane");
          const question = { method: fault.method ?? "GET", path, bodyBytes: 0, isHandshake: false };
          return ask("fetch lane", setting.doors, question);
        }),
      );
    }
    residentMb.push(Math.round((await setting.residentBytes()) / 2 ** 20));
  }
  console.log(`resident memory after each ${5 * quick.length} faults, MB: ${residentMb.join(" ")}`);
  const [, first = 0] = residentMb;
  expect((residentMb.at(-1) ?? 0) - first).toBeLessThan(25);
});

/** An HTTP/2 connection has no handshake of HTTP/1.1. */
function faultsFor(asker: Asker): readonly Fault[] {
  return FAULTS.filter(({ isHandshake }) => isHandshake !== true || asker === "exact lane");
}

/** The outcome itself where it is one of those expected, else one of these, for the difference to be shown. */
function fitting(outcome: Outcome, expected: Outcome | readonly Outcome[]): Outcome {
  const all = Array.isArray(expected) ? (expected as readonly Outcome[]) : [expected as Outcome];
  return all.find((each) => Bun.deepEquals(each, outcome)) ?? (all[0] as Outcome);
}

async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const end = performance.now() + REST_DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not at rest: ${what()}`);
    await Bun.sleep(10);
  }
}
