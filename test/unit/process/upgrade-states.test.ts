import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEvent, type Leaving, type LeavingEvent } from "../../../src/process/leaving.ts";
import { migrateNote } from "../../../src/process/migrate-setting.ts";
import { sharingWith } from "../../../src/process/take-over.ts";
import { afterStep, type TakingOver, type TakingOverEvent } from "../../../src/process/taking-over.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { configWith } from "../../helpers/proxy.ts";

describe("the way out of a serving process", () => {
  const EVENTS: Readonly<Record<string, LeavingEvent>> = {
    INT: { type: "interrupt" },
    TERM: { type: "terminate" },
    QUIT: { type: "quit" },
    waited: { type: "waited" },
    successor: { type: "successor", pid: 7 },
  };
  const after = (events: string): string => {
    let state: Leaving = { at: "serving" };
    for (const name of events.split(" ")) state = afterEvent(state, EVENTS[name] ?? { type: "interrupt" });
    return state.at === "draining" ? `draining for ${state.successor ?? "nobody"}` : state.at;
  };

  test.each([
    ["INT", "stopping"],
    ["TERM", "draining for nobody"],
    ["QUIT", "awaiting_successor"],
    ["waited", "serving"],
    ["successor", "draining for 7"],
    ["QUIT successor", "draining for 7"],
    ["QUIT waited", "draining for nobody"],
    ["QUIT QUIT", "draining for nobody"],
    ["QUIT TERM", "draining for nobody"],
    ["QUIT INT", "stopping"],
    // Pingora's users send it when the new process has been started.
    ["successor QUIT", "draining for 7"],
    ["TERM QUIT", "draining for nobody"],
    ["TERM successor", "draining for nobody"],
    ["TERM TERM", "stopping"],
    ["TERM INT", "stopping"],
    ["successor TERM", "stopping"],
    ["INT TERM", "stopping"],
    ["INT successor", "stopping"],
  ])("%s: %s", (events, end) => {
    expect(after(events)).toBe(end);
  });

  test("is the same object where nothing changes", () => {
    const draining: Leaving = { at: "draining", successor: 1 };
    expect(afterEvent(draining, { type: "quit" })).toBe(draining);
  });
});

describe("taking over", () => {
  const predecessor = { pid: 1, version: "x", listeningAt: {} };
  const found: TakingOverEvent = { type: "found", predecessor };
  const after = (...events: readonly TakingOverEvent[]): TakingOver =>
    events.reduce<TakingOver>(afterStep, { at: "asking" });
  const STEPS: readonly TakingOverEvent[] = [found, { type: "listening" }, { type: "agreed" }];

  test("goes step by step, and the old one goes last", () => {
    const states = [1, 2, 3].map((count) => after(...STEPS.slice(0, count)).at);
    expect(states).toEqual(["opening", "telling", "serving"]);
  });

  test.each([0, 1, 2])("is given up where step %i fails", (count) => {
    const state = after(...STEPS.slice(0, count), { type: "failed", reason: "x" });
    expect(state).toEqual({ at: "given_up", reason: "x" });
    expect(() => afterStep(state, found)).toThrow();
  });

  test("is done as well where the old one has ended by itself", () => {
    expect(after(found, { type: "listening" }, { type: "gone" })).toEqual({ at: "serving", predecessor });
  });

  test.each([
    [[{ type: "listening" }]],
    [[{ type: "agreed" }]],
    [[found, { type: "agreed" }]],
    [[found, found]],
    [[found, { type: "listening" }, { type: "listening" }]],
  ] as const)("skips no step and takes none twice: %j", (events) => {
    expect(() => after(...(events as readonly TakingOverEvent[]))).toThrow(/while/);
  });
});

test("listeners are shared by name or by port; ports that the system chose stay", () => {
  const listener = configWith({ upstreams: [] }).listeners[0];
  if (listener === undefined) throw new Error("no listener");
  const tcp = (host: string, port: number) => ({ ...listener, address: { type: "tcp", host, port } as const });
  const unix = { ...listener, address: { type: "unix", path: "/run/x.sock" } as const };
  const config = {
    ...configWith({ upstreams: [] }),
    listeners: [tcp("127.0.0.1", 0), tcp("0.0.0.0", 80), tcp("127.0.0.1", 81), unix],
  };
  const theirs = {
    "127.0.0.1:0": { type: "tcp", host: "127.0.0.1", port: 40_000 },
    "127.0.0.1:80": { type: "tcp", host: "127.0.0.1", port: 80 },
    "unix//run/x.sock": { type: "unix", path: "/run/x.sock" },
  } as const;
  const sharing = sharingWith(theirs, config);
  expect(sharing.held).toEqual(["127.0.0.1:0", "0.0.0.0:80", "unix//run/x.sock"]);
  expect(sharing.ports["127.0.0.1:0"]).toBe(40_000);
  expect(sharing.servesUnixSockets).toBe(true);
});

test("tcp_migrate_req is spoken of where it is there and off", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "tcp_migrate_req");
  expect(migrateNote(file)).toBeUndefined();
  writeFileSync(file, "1\n");
  expect(migrateNote(file)).toBeUndefined();
  writeFileSync(file, "0\n");
  expect(migrateNote(file)).toContain("sysctl -w net.ipv4.tcp_migrate_req=1");
});
