import { expect, test } from "bun:test";
import { stableSort } from "../../../../src/config/caddyfile/stable-sort.ts";

test("sorts, and keeps equals in their order", () => {
  for (const count of [0, 1, 2, 19, 20, 21, 40, 41, 100, 333]) {
    const items = Array.from({ length: count }, (_, i) => ({ rank: (i * 7919) % 13, i }));
    const expected = items.toSorted((a, b) => a.rank - b.rank);
    stableSort(items, (a, b) => a.rank < b.rank);
    expect(items).toEqual(expected);
  }
});

test("a comparison that is not transitive gives Go's order for it", () => {
  // Of `respond` lines in Debian's Caddy 2.6.2: only two single paths are compared.
  const items = ["@m", "/api/*", "/a", "/a*", "", "", "@two", "@p /ppp"];
  const pathOf = (item: string): number => (item.includes("/") ? item.slice(item.indexOf("/")).length : 0);
  stableSort(items, (a, b) => {
    if (pathOf(a) > 0 && pathOf(b) > 0) return pathOf(a) > pathOf(b);
    return a !== "" && b === "";
  });
  expect(items).toEqual(["@m", "/api/*", "/a*", "/a", "@two", "@p /ppp", "", ""]);
});
