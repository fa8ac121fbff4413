import { expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { sessionFor } from "./handlers/request.ts";

const trusted = ["192.0.2.0/24"];
const headers = { host: "a.Example:81", "x-forwarded-for": "203.0.113.7" };

test("what was let go is still told of by its names and addresses", () => {
  const session = sessionFor("/ws?a=1", { headers, trusted });
  session.letGo();
  expect([session.method, session.host, session.hostname]).toEqual(["GET", "a.Example:81", "a.example"]);
  expect([session.target, session.originalTarget, session.path]).toEqual(["/ws?a=1", "/ws?a=1", "/ws"]);
  expect([session.clientAddress, session.remoteAddress, session.remotePort]).toEqual([
    "203.0.113.7",
    "192.0.2.9",
    4711,
  ]);
});

test("its host is the edited one, where it was edited before", () => {
  const session = sessionFor("/ws", { headers, trusted });
  session.editHeaders().set("host", "b.example");
  session.letGo();
  expect(session.hostname).toBe("b.example");
});

test("Bun's request is let go with it", () => {
  const count = (): number => {
    Bun.gc(true);
    return heapStats().objectTypeCounts["Request"] ?? 0;
  };
  const before = count();
  const sessions = Array.from({ length: 500 }, () => sessionFor("/ws", { headers, trusted }));
  expect(count()).toBeGreaterThanOrEqual(before + 500);
  for (const session of sessions) session.letGo();
  expect(count()).toBeLessThan(before + 50);
  expect(sessions.every(({ method }) => method === "GET")).toBe(true);
});
