import { describe, expect, test } from "bun:test";
import { ACCESS_LOG_DEFAULTS } from "../../../src/config/log-model.ts";
import type { AccessLogConfig } from "../../../src/config/model.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { AccessLog } from "../../../src/observe/access-log.ts";
import { lineFormat } from "../../../src/observe/line-format.ts";
import type { LineLog } from "../../../src/observe/line-log.ts";
import type { GatewaySession } from "../../../src/proxy/gateway-ctx.ts";
import { Observation } from "../../../src/proxy/observation.ts";
import { RouteLog } from "../../../src/proxy/route-log.ts";
import { sessionFor } from "./handlers/request.ts";

interface Noted {
  readonly log: RouteLog;
  readonly lines: string[];
}

function logWith(config: Partial<AccessLogConfig>, random?: () => number, isFull = false): Noted {
  const lines: string[] = [];
  const whole = { ...ACCESS_LOG_DEFAULTS, output: { type: "stdout" } as const, ...config };
  const noting = { isFull: () => isFull, write: (line: string) => void lines.push(line) } as unknown as LineLog;
  return { log: new RouteLog(new AccessLog(noting, lineFormat(whole)), whole, random), lines };
}

/** A request that is over, having taken so long. */
function over(status: number, tookMs = 1, error?: ProxyError): GatewaySession {
  const session = sessionFor("/a");
  session.status = status;
  session.error = error;
  session.observation = new Observation(performance.now() - tookMs, true, "HTTP/1.1");
  return session;
}

function countOf({ log, lines }: Noted, ...sessions: readonly GatewaySession[]): number {
  for (const session of sessions) log.write(session);
  return lines.length;
}

describe("what is written", () => {
  test("is every request, where nothing else is said", () => {
    expect(countOf(logWith({}), over(200), over(404), over(500))).toBe(3);
  });

  test("is a share of what went well, and all that failed", () => {
    let next = 0;
    const dice = [0.09, 0.1, 0.5, 0.05];
    const noted = logWith({ sample: 0.1 }, () => dice[next++ % dice.length] ?? 1);
    expect(countOf(noted, over(200), over(204), over(404), over(200))).toBe(2);
    const broken = new ProxyError("connection_terminated", "it broke off");
    expect(countOf(noted, over(500), over(200, 1, broken), over(503))).toBe(5);
    expect(next).toBe(4);
  });

  test("is what has one of the statuses, or is as slow", () => {
    expect(countOf(logWith({ statuses: [4, 503] }), over(200), over(404), over(500), over(503))).toBe(2);
    expect(countOf(logWith({ slowerThanMs: 500 }), over(200), over(200, 501), over(500))).toBe(1);
    expect(countOf(logWith({ statuses: [5], slowerThanMs: 500 }), over(200), over(500), over(200, 501))).toBe(2);
  });

  test("is nothing while the output takes no more", () => {
    expect(countOf(logWith({}, Math.random, true), over(200))).toBe(0);
  });
});

test("what is to be skipped is not taken", () => {
  const { log } = logWith({
    skip: [[{ type: "path", patterns: ["/health"] }], [{ type: "method", methods: ["HEAD"] }]],
  });
  expect(log.takes(sessionFor("/health"))).toBe(false);
  expect(log.takes(sessionFor("/a", { method: "HEAD" }))).toBe(false);
  expect(log.takes(sessionFor("/a"))).toBe(true);
});
