import { describe, expect, test } from "bun:test";
import { parseStatuses, readExchangeFilter } from "../../../../src/server/admin/events-query.ts";

describe("what /events is asked for", () => {
  const read = (query: string) => readExchangeFilter(new URLSearchParams(query));

  test.each([
    ["", undefined],
    ["other=1", undefined],
    ["exchanges", {}],
    ["exchanges=&route=a%20b", { route: "a b" }],
    ["status=5xx", { statuses: [[500, 599]] }],
    ["slower_than=500ms&status=404", { statuses: [[404, 404]], slowerThanMs: 500 }],
  ])("%p is understood", (query, value) => {
    expect(read(query)).toEqual({ ok: true, value } as never);
  });

  test.each([
    ["status=5", "status: "],
    ["exchanges&slower_than=fast", "slower_than: "],
  ])("%p is refused", (query, fault) => {
    expect(read(query)).toMatchObject({ ok: false, fault: expect.stringContaining(fault) });
  });
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
