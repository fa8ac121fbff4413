import { describe, expect, test } from "bun:test";
import type { PathPattern } from "../../src/config/model.ts";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { readingsOf } from "../helpers/readings.ts";
import { SPELLINGS } from "../helpers/spellings.ts";

const SEGMENTS: PathPattern = { type: "segments", path: "/up" };
const PREFIX: PathPattern = { type: "prefix", path: "/up" };

/** Those of a target's readings that are outside of the context path. */
function outside(target: string, pattern: PathPattern): readonly string[] {
  const isInside = (path: string) =>
    pattern.type === "prefix" ? path.startsWith("/up") : path === "/up" || path.startsWith("/up/");
  // A segment may be cut at `;` by a reader: `/up;x` is `/up` then, and neither is outside.
  const readings = new Set(readingsOf(target).map((path) => path.replace(/^\/up[;?#\0].*$/s, "/up")));
  return [...readings].filter((path) => !isInside(path));
}

interface Outcome {
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  /** What the origin received. */
  readonly targets: readonly string[];
}

async function send(pattern: PathPattern, head: string): Promise<Outcome> {
  await using origin = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using proxy = await startProxy(origin.port, { path: pattern });
  await using client = await RawClient.connect(proxy.port);
  client.send(head);
  const status = await client.answer().then(
    (answer) => answer.status,
    () => 0,
  );
  return { status, targets: origin.exchanges.map(({ target }) => target) };
}

function expectInside(spelling: string, outcome: Outcome, pattern: PathPattern): void {
  const { status, targets } = outcome;
  expect(targets.map((target) => [spelling, target, outside(target, pattern)])).toEqual(
    targets.map((target) => [spelling, target, []]),
  );
  if (targets.length === 0) expect([0, 400, 404, 505]).toContain(status);
  else expect(status).toBe(200);
}

describe.each([
  ["/up", SEGMENTS],
  ["/up*", PREFIX],
] as const)("the context path %s", (_text, pattern) => {
  describe.each(LANES)("by the $lane lane", ({ fields }) => {
    test.each(SPELLINGS)("is not left by %j", async (spelling) => {
      const lines = fields.map((line) => `${line}\r\n`).join("");
      expectInside(spelling, await send(pattern, `GET ${spelling} HTTP/1.1\r\n${lines}\r\n`), pattern);
    });
  });

  // Bun resolves no dot segments for these (1.4.5).
  test.each(SPELLINGS)("is not left by HTTP/1.0 without Host for %j", async (spelling) => {
    for (const lines of ["", "User-Agent: u\r\nAccept: a\r\n"]) {
      expectInside(spelling, await send(pattern, `GET ${spelling} HTTP/1.0\r\n${lines}\r\n`), pattern);
    }
  });

  test.each(["a:b", "[::1", "a:99999", "a%zz", "256.1.1.1", "127.0.0.1"])(
    "is not left where the Host is %s",
    async (host) => {
      for (const spelling of SPELLINGS.filter((_, index) => index % 3 === 0)) {
        const outcome = await send(pattern, `GET ${spelling} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        expectInside(spelling, outcome, pattern);
      }
    },
  );

  test("lets pass what is inside", async () => {
    const inside = [
      "/up",
      "/up/",
      "/up/x",
      "/up?x",
      "/up/a%20b",
      "/up/a%2fb",
      "/up//x",
      "/up/;x",
      "/up/.x",
      "/up/x..y",
    ];
    for (const target of inside) {
      const outcome = await send(pattern, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(outcome).toEqual({ status: 200, targets: [target] });
    }
  });
});

test("a context path of whole segments takes no path that only begins like it, a plain prefix does", async () => {
  const head = "GET /upper HTTP/1.1\r\nHost: a\r\n\r\n";
  expect(await send(SEGMENTS, head)).toEqual({ status: 404, targets: [] });
  expect(await send(PREFIX, head)).toEqual({ status: 200, targets: ["/upper"] });
});

test("without a context path a target is passed however it is spelled", async () => {
  const all: PathPattern = { type: "segments", path: "/" };
  for (const target of ["/a%2f..%2fb", "/..;/x", "/%252e%252e/x", "//x"]) {
    expect(await send(all, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toEqual({ status: 200, targets: [target] });
  }
});
