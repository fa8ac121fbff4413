import { describe, expect, test } from "bun:test";
import { painter } from "../../../../src/cli/live/paint.ts";
import { share, topLine, topScreen } from "../../../../src/cli/live/top-screen.ts";
import { spark } from "../../../../src/cli/live/spark.ts";
import type { LiveState, Tick } from "../../../../src/observe/live.ts";
import { exchange, livePeer, liveState, tick } from "../../../helpers/live.ts";

const plain = painter(false, {});
const AT = 1_700_000_000_000;

interface Look {
  readonly columns?: number;
  readonly rows?: number;
  readonly ticks?: readonly Tick[];
  readonly note?: string;
}

function screen(state: LiveState, { columns = 120, rows, ticks = [tick()], note }: Look = {}): readonly string[] {
  return topScreen({ state, ticks, columns, rows, paint: plain, note });
}

const many = liveState({
  peers: Array.from({ length: 30 }, (_, at) => livePeer({ name: `10.0.0.${at}:80` })),
  routes: Array.from({ length: 30 }, (_, at) => {
    return { key: `route-${at}`, requests: at, errors: 0, requestsPerSecond: at, p50Ms: null, p99Ms: null };
  }),
  failed: Array.from({ length: 50 }, () => exchange({ status: 502, error: "connection_refused" })),
  slowest: Array.from({ length: 20 }, () => exchange({ durationMs: 5_000 })),
});

describe("the screen of top", () => {
  test("begins with who it is and how it does", () => {
    const figures = tick({
      requests: 120,
      errors: 3,
      inFlight: 4,
      p50Ms: 0.5,
      p90Ms: 12.34,
      p99Ms: 1_500,
      bytesSent: 1_234_567,
    });
    const [title, requests, bytes] = screen(liveState(), { ticks: [figures] });
    expect(title).toMatch(/^gatekeeper 0\.2\.0 · pid 12 · up 1h 2m · http:\/\/127\.0\.0\.1:8008 +\d\d:\d\d:\d\d$/);
    expect(requests).toBe("120 requests/s   3 errors/s (2.5 %)   4 open   p50 500µs   p90 12.3ms   p99 1.5s");
    expect(bytes).toContain("0B/s in   1.23MB/s out");
  });

  test.each([
    [80, 24],
    [40, 10],
    [200, 60],
    [20, 5],
    [10, 3],
    [1, 1],
  ])("fits into %i columns and %i rows", (columns, rows) => {
    const lines = screen(many, { columns, rows });
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test("shows all lists where there is room, the whole of them where there is no end", () => {
    const titles = (lines: readonly string[]) =>
      lines.filter((line) => /^ *(PEER|REQ\/S|FAILED|SLOWEST|WORKER) /.test(line)).length;
    expect(titles(screen(many, { rows: 40 }))).toBe(5);
    expect(screen(many).filter((line) => line.includes("connection_refused")).length).toBe(50);
  });

  test("shows peers with what is wrong with them, and the busiest routes first", () => {
    const peers = [
      livePeer(),
      livePeer({ name: "b:1", state: "down", reason: "health check failed", since: AT - 65_000, failures: 7 }),
      livePeer({ name: "c:1", lastError: { at: AT - 3_000, reason: "connection_reset" } }),
    ];
    const routes = many.routes.slice(0, 3);
    const text = screen(liveState({ peers, routes, maintenance: { isOn: false, routes: ["route-1"] } })).join("\n");
    expect(text).toMatch(/b:1 +down .* 7 +health check failed, for 1m 5s\n/);
    expect(text).toMatch(/c:1 +up .* 3s ago: connection_reset\n/);
    expect(text).toMatch(/ 2 .*route-2\n.*route-1 \(in maintenance\)\n.*route-0\n/);
  });

  test("says what is not as usual", () => {
    const text = screen(
      liveState({
        isStopping: true,
        maintenance: { isOn: true, routes: [] },
        reload: { count: 1, last: { at: AT - 2_000, isReloaded: false, reason: "the configuration has errors" } },
        certificates: [
          { names: ["a.example"], file: "a.pem", notAfter: AT + 3 * 86_400_000 },
          { names: ["b.example"], file: "b.pem", notAfter: AT - 1 },
          { names: ["c.example"], file: "c.pem", notAfter: AT + 60 * 86_400_000 },
        ],
      }),
    ).join("\n");
    expect(text).toContain("it drains and will end");
    expect(text).toContain("everything is in maintenance");
    expect(text).toContain("the reload 2s ago was refused: the configuration has errors");
    expect(text).toContain("the certificate a.pem ends in 3d 0h");
    expect(text).toContain("the certificate b.pem has ended");
    expect(text).not.toContain("c.pem");
    expect(screen(liveState({ isStopping: true }), { note: "gone" }).join("\n")).toMatch(/\ngone\n(?!it drains)/);
  });

  test("lets nothing from outside act on the terminal", () => {
    const evil = "\u001b[2J\u009b31m\u0007\r\n\u202e";
    const state = liveState({
      urls: [evil],
      peers: [livePeer({ name: evil, reason: evil, state: "down" })],
      failed: [exchange({ uri: `/${evil}`, host: evil, method: evil, error: evil })],
      routes: [{ key: evil, requests: 1, errors: 0, requestsPerSecond: 0, p50Ms: null, p99Ms: null }],
    });
    const lines = [...screen(state), ...screen(state, { note: evil })];
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(lines.join("")).toContain("\\u001b[2J");
  });

  test("has colours where there is a terminal, and its user wants them", () => {
    const lines = (paint: ReturnType<typeof painter>) =>
      topScreen({ state: many, ticks: [tick()], columns: 80, rows: 24, paint, note: undefined }).join("");
    expect(lines(painter(true, { TERM: "xterm" }))).toContain("\u001b[1m");
    for (const environment of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      expect(lines(painter(true, environment))).not.toContain("\u001b");
    }
  });
});

test("lists share the room: those at the end are left out, the rest is given round", () => {
  expect(share([3, 10, 4], undefined)).toEqual([3, 10, 4]);
  expect(share([3, 10, 4], 100)).toEqual([3, 10, 4]);
  expect(share([3, 10, 4], 9)).toEqual([2, 2, 2]);
  expect(share([3, 10, 4], 12)).toEqual([3, 3, 3]);
  expect(share([3, 10, 4], 15)).toEqual([3, 5, 4]);
  expect(share([3, 10, 4], 7)).toEqual([3, 2, 0]);
  expect(share([3, 10, 4], 2)).toEqual([0, 0, 0]);
});

test("the bars stand for seconds: the last one at the right, one that was not counted is a space", () => {
  const ticks = [4, 8, 0].map((requests, at) => tick({ at: AT + at * 1_000, requests }));
  const value = ({ requests }: Tick) => requests;
  expect(spark(ticks, 5, value)).toBe("  ▅█▁");
  expect(spark(ticks, 2, value)).toBe("█▁");
  expect(spark([...ticks, tick({ at: AT + 5_000, requests: 8 })], 5, value)).toBe("█▁  █");
  expect(spark([], 5, value)).toBe("");
});

test("a line for what reads no screen has names and values without spaces", () => {
  const line = topLine(
    tick({ requests: 2, p50Ms: 1, p99Ms: 200_000 }),
    liveState({ peers: [livePeer(), livePeer({ state: "down" })] }),
  );
  expect(line).toMatch(
    /^\d\d:\d\d:\d\d requests=2 errors=0 open=0 p50=1ms p90=- p99=3m20s in=0B\/s out=0B\/s websockets=0 peers_up=1\/2$/,
  );
});
