import { describe, expect, test } from "bun:test";
import { painter } from "../../../../src/cli/live/paint.ts";
import { isShown, parseStatuses, type TailFilter } from "../../../../src/cli/live/tail-filter.ts";
import { tailLine } from "../../../../src/cli/live/tail-line.ts";
import { exchange } from "../../../helpers/live.ts";

const plain = painter(false, {});
const ALL: TailFilter = { route: undefined, statuses: undefined, slowerThanMs: undefined };

describe("a line of tail", () => {
  test("says what was asked for, by whom, of whom, and how it went", () => {
    expect(tailLine(exchange(), plain)).toMatch(
      /^\d\d:\d\d:\d\d\.123 200 +12\.3ms +1\.23kB GET a\.example\/x\?y 192\.0\.2\.7 -> 127\.0\.0\.1:3000 \[app\]$/,
    );
    const failed = exchange({
      status: 502,
      peer: undefined,
      route: undefined,
      retries: 2,
      error: "connection_refused",
    });
    expect(tailLine(failed, plain)).toEndWith("192.0.2.7 -> - 2 retries connection_refused");
  });

  test("is coloured by its status", () => {
    const line = (status: number) => tailLine(exchange({ status }), painter(true, {}));
    expect(line(200)).toContain("\u001b[32m200");
    expect(line(304)).toContain("\u001b[36m304");
    expect(line(404)).toContain("\u001b[33m404");
    expect(line(502)).toContain("\u001b[31m502");
  });

  test("lets nothing from outside act on the terminal, or begin a line", () => {
    const evil = "\u001b]0;x\u0007\r\n200 forged \u202e\u0085";
    const line = tailLine(
      exchange({ method: evil, host: evil, uri: evil, clientAddress: evil, peer: evil, route: evil, error: evil }),
      plain,
    );
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

describe("what tail shows", () => {
  const shown = (filter: Partial<TailFilter>, more: Parameters<typeof exchange>[0]) =>
    isShown(exchange(more), { ...ALL, ...filter });

  test("is everything where nothing is said", () => {
    expect(shown({}, { status: 499, durationMs: 0 })).toBe(true);
  });

  test("is by the route's whole key, or its own name", () => {
    const route = "app";
    expect([shown({ route }, { route: "app" }), shown({ route }, { route: "site > app" })]).toEqual([true, true]);
    expect([shown({ route }, { route: "app > x" }), shown({ route }, { route: "webapp" })]).toEqual([false, false]);
    expect(shown({ route }, { route: undefined })).toBe(false);
  });

  test("is by status and by time", () => {
    const statuses = [[500, 599]] as const;
    expect([shown({ statuses }, { status: 500 }), shown({ statuses }, { status: 499 })]).toEqual([true, false]);
    expect([shown({ slowerThanMs: 12 }, {}), shown({ slowerThanMs: 13 }, {})]).toEqual([true, false]);
    expect(shown({ statuses, slowerThanMs: 12 }, {})).toBe(false);
  });

  test.each([
    ["5xx", [[500, 599]]],
    ["404", [[404, 404]]],
    [
      "400-404, 5XX",
      [
        [400, 404],
        [500, 599],
      ],
    ],
  ])("%s are statuses", (text, value) => {
    expect(parseStatuses(text)).toEqual({ ok: true, value } as never);
  });

  test.each(["", "5", "xx", "5xx,", "40", "abc", "0xx"])("%p are none", (text) => {
    expect(parseStatuses(text).ok).toBe(false);
  });
});
