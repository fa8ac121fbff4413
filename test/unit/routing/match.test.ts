import { describe, expect, test } from "bun:test";
import type { MatcherConfig } from "../../../src/config/model.ts";
import { compileMatch, readsPath } from "../../../src/routing/match.ts";
import type { RequestFacts } from "../../../src/routing/request-facts.ts";
import { factsOf } from "./facts.ts";

function matches(matcher: MatcherConfig, given: Partial<RequestFacts>): boolean {
  return compileMatch([[matcher]]).matches(factsOf(given));
}

function why(matcher: MatcherConfig, given: Partial<RequestFacts>): string | undefined {
  return compileMatch([[matcher]]).mismatch(factsOf(given));
}

describe("host", () => {
  test.each([
    ["a.example", ["a.example"], ["a.example.", "b.a.example", "example", ""]],
    ["A.Example", ["a.example"], []],
    ["*", ["localhost", "", "[::1]"], ["a.example", "1.2.3.4"]],
    ["*.example", ["a.example", ".example"], ["a.b.example", "example"]],
    ["a.*.c", ["a.b.c"], ["a.b.b.c", "b.b.c", "a.c"]],
    ["*.*.c", ["a.b.c"], ["b.c"]],
    ["fo*.example", ["fo*.example"], ["foo.example"]],
    ["::1", ["[::1]"], []],
    ["[::1]", ["[::1]"], []],
    ["__proto__", ["__proto__"], ["constructor"]],
  ])("%s takes %j and not %j", (host, taken, left) => {
    const match = (hostname: string): boolean =>
      matches({ type: "host", hosts: ["unused.example", host] }, { hostname });
    expect(taken.filter((hostname) => !match(hostname))).toEqual([]);
    expect(left.filter(match)).toEqual([]);
  });
});

describe("header", () => {
  const header = (values: "present" | "absent" | readonly string[], sent: [string, string][]): boolean =>
    matches({ type: "header", fields: [{ field: "A", values }] }, { headers: new Headers(sent) });

  test("compares whole values, letters as they are, with stars at the ends", () => {
    const values = ["*b*", "x*", "*z", "q"];
    expect(["abc", "xyy", "uz", "q"].every((value) => header(values, [["a", value]]))).toBe(true);
    expect(["Q", "qq", "yx", ""].some((value) => header(values, [["a", value]]))).toBe(false);
  });

  test("a star alone is any value, also an empty one, but the field has to be there", () => {
    expect([header(["*"], [["a", ""]]), header(["*"], [])]).toEqual([true, false]);
  });

  test("present and absent", () => {
    expect([header("present", [["a", ""]]), header("present", [])]).toEqual([true, false]);
    expect([header("absent", [["a", ""]]), header("absent", [])]).toEqual([false, true]);
  });

  test("an element of a list is not the value, as in Caddy", () => {
    const upgrade: MatcherConfig = { type: "header", fields: [{ field: "Connection", values: ["Upgrade"] }] };
    expect(matches(upgrade, { headers: new Headers({ connection: "Upgrade" }) })).toBe(true);
    expect(matches(upgrade, { headers: new Headers({ connection: "keep-alive, Upgrade" }) })).toBe(false);
  });

  test("lines that repeat a field are one value, as they go upstream", () => {
    const lines: [string, string][] = [
      ["a", "x"],
      ["a", "y"],
    ];
    expect([header(["y"], lines), header(["x, y"], lines), header(["*y*"], lines)]).toEqual([false, true, true]);
  });

  test("every field has to match; Host is the host as it was sent", () => {
    const both: MatcherConfig = {
      type: "header",
      fields: [
        { field: "Host", values: ["a.example:80"] },
        { field: "B", values: ["1", "2"] },
      ],
    };
    expect(matches(both, { headers: new Headers({ host: "a.example:80", b: "2" }) })).toBe(true);
    expect(matches(both, { headers: new Headers({ host: "a.example", b: "2" }) })).toBe(false);
    expect(matches(both, { headers: new Headers({ host: "a.example:80" }) })).toBe(false);
  });
});

describe("query", () => {
  const query = (wanted: Record<string, string[]>, sent: string): boolean => {
    const parameters = Object.entries(wanted).map(([parameter, values]) => ({ parameter, values }));
    return matches({ type: "query", parameters }, { query: sent });
  };

  test.each<[Record<string, string[]>, string[], string[]]>([
    [{ a: ["1"] }, ["a=1", "a=1&a=2", "a=2&a=1", "b&a=1", "%61=%31"], ["", "A=1", "a", "aa=1", "a=1;b=2", "a=1&%zz"]],
    [{ a: ["1", "2"] }, ["a=1", "a=2"], ["a=3"]],
    [{ a: ["1"], b: ["2"] }, ["a=1&b=2"], ["a=1", "b=2", "a=1&b=3"]],
    [{ a: ["*"] }, ["a=1", "a", "a="], ["b", "aa=1"]],
    [{ a: ["x*"] }, ["a=x*"], ["a=xy"]],
    [{ a: [""] }, ["a", "a="], ["a=x", ""]],
    [{ a: [] }, [], ["a", ""]],
    [{ "a b": ["c d"] }, ["a+b=c+d", "a%20b=c%20d"], ["a+b=c%2bd"]],
    [{ a: ["b=c"] }, ["a=b=c"], ["a=b"]],
    [{}, ["", "&", "&&"], ["a", "=", "%zz", ";"]],
  ])("%j takes %j and not %j", (wanted, taken, left) => {
    expect(taken.filter((sent) => !query(wanted, sent))).toEqual([]);
    expect(left.filter((sent) => query(wanted, sent))).toEqual([]);
  });
});

describe("addresses", () => {
  const remote: MatcherConfig = { type: "remote_ip", ranges: ["10.0.0.0/8", "::1/128"] };
  test.each([
    ["10.1.2.3", true],
    ["::ffff:10.1.2.3", true],
    ["::1", true],
    ["11.0.0.1", false],
    ["", false],
    ["no address", false],
  ])("%s is in a range: %p", (remoteAddress, expected) => {
    expect(matches(remote, { remoteAddress })).toBe(expected);
  });

  test("the client's address is what trusted proxies say", () => {
    const given = { remoteAddress: "10.0.0.1", clientAddress: "192.0.2.9" };
    expect(matches({ type: "client_ip", ranges: ["192.0.2.0/24"] }, given)).toBe(true);
    expect(matches({ type: "client_ip", ranges: [] }, given)).toBe(false);
  });
});

test("method and protocol", () => {
  expect(matches({ type: "method", methods: ["POST", "GET"] }, {})).toBe(true);
  expect(matches({ type: "method", methods: ["get"] }, {})).toBe(false);
  const protocols = (["http", "https", "websocket"] as const).map(
    (protocol) => ({ type: "protocol", protocol }) as const,
  );
  expect(protocols.map((one) => matches(one, { secure: true }))).toEqual([false, true, false]);
  expect(protocols.map((one) => matches(one, { isUpgrade: true }))).toEqual([true, false, true]);
});

test("regular expressions read the decoded and cleaned path and hand their groups on", () => {
  const facts = factsOf({ path: "//F%6Fo/./bar", headers: new Headers({ x: "id-7" }) });
  const match = compileMatch([
    [
      { type: "path_regexp", regexp: { name: "p", pattern: "^/(F.o)/(x)?" } },
      { type: "header_regexp", fields: [{ field: "X", regexp: { name: undefined, pattern: "\\d+" } }] },
    ],
  ]);
  expect(match.matches(facts)).toBe(true);
  expect(facts.captured).toEqual([
    ["p", ["/Foo/", "Foo", undefined]],
    [undefined, ["7"]],
  ]);
  expect(match.matches(factsOf({ path: "/foo/" }))).toBe(false);
});

describe("several conditions", () => {
  const path = (...patterns: string[]): MatcherConfig => ({ type: "path", patterns });
  const post: MatcherConfig = { type: "method", methods: ["POST"] };

  test("all of a set have to hold, one set is enough, and no sets take every request", () => {
    const match = compileMatch([[path("/a"), post], [path("/b")]]);
    const taken = (method: string, at: string): boolean => match.matches(factsOf({ method, path: at }));
    expect([taken("POST", "/a"), taken("GET", "/a"), taken("GET", "/b")]).toEqual([true, false, true]);
    expect([compileMatch([]), compileMatch([[]]), compileMatch([[post], []])].every((m) => m.matches(factsOf()))).toBe(
      true,
    );
  });

  test("not: none of the sets may hold", () => {
    const not: MatcherConfig = { type: "not", sets: [[path("/a"), post], [path("/b")]] };
    expect(matches(not, { path: "/a" })).toBe(true);
    expect(matches(not, { path: "/a", method: "POST" })).toBe(false);
    expect(matches(not, { path: "/b" })).toBe(false);
    expect([matches({ type: "not", sets: [[]] }, {}), matches({ type: "not", sets: [] }, {})]).toEqual([false, true]);
  });

  test("a look at the path is seen at any depth", () => {
    const deep: MatcherConfig = { type: "not", sets: [[{ type: "not", sets: [[path("/a")]] }]] };
    expect(readsPath([[post, deep]])).toBe(true);
    expect(readsPath([[post], [{ type: "context_path", pattern: { type: "segments", path: "/up" } }]])).toBe(true);
    expect(readsPath([[post, path("*"), path("/a", "/*")]])).toBe(false);
    expect(readsPath([[{ type: "context_path", pattern: { type: "segments", path: "/" } }]])).toBe(false);
  });
});

test("a context path is matched as it is sent", () => {
  const up: MatcherConfig = { type: "context_path", pattern: { type: "segments", path: "/up" } };
  const taken = ["/up", "/up/x", "/UP", "/%75p", "/upper", "/up/..%2fx"].filter((path) => matches(up, { path }));
  expect(taken).toEqual(["/up", "/up/x"]);
});

test.each<[MatcherConfig, Partial<RequestFacts>, string]>([
  [{ type: "path", patterns: ["/api/*"] }, { path: "/x" }, "the path /x is not /api/*"],
  [{ type: "path", patterns: ["/a", "/b", "/c"] }, { path: "/x" }, "the path /x is not /a, /b or /c"],
  [{ type: "path_regexp", regexp: { name: undefined, pattern: "^/y" } }, { path: "/x" }, "the path /x is not like ^/y"],
  [{ type: "host", hosts: ["b.example"] }, {}, "the host a.example is not b.example"],
  [{ type: "host", hosts: ["b.example"] }, { hostname: "" }, "there is no host, it is not b.example"],
  [{ type: "method", methods: ["PUT", "POST"] }, {}, "the method GET is not PUT or POST"],
  [
    { type: "header", fields: [{ field: "Connection", values: ["Upgrade"] }] },
    { headers: new Headers({ connection: "keep-alive" }) },
    'Connection is "keep-alive", not "Upgrade"',
  ],
  [{ type: "header", fields: [{ field: "X-A", values: "present" }] }, {}, "there is no field X-A"],
  [
    { type: "header", fields: [{ field: "X-A", values: "absent" }] },
    { headers: new Headers({ "x-a": "1" }) },
    'there is a field X-A: "1"',
  ],
  [
    { type: "query", parameters: [{ parameter: "q", values: ["a", "b"] }] },
    { query: "q=c" },
    'q in the query is "c", not a or b',
  ],
  [{ type: "query", parameters: [{ parameter: "q", values: ["a"] }] }, {}, "there is no q in the query"],
  [{ type: "query", parameters: [] }, { query: "a;b" }, 'the query "a;b" is malformed'],
  [{ type: "remote_ip", ranges: ["10.0.0.0/8"] }, {}, "the remote address 192.0.2.1 is not in 10.0.0.0/8"],
  [{ type: "protocol", protocol: "websocket" }, {}, "it is no WebSocket handshake"],
  [
    { type: "context_path", pattern: { type: "segments", path: "/up" } },
    { path: "/up/..%2fx" },
    "the path /up/..%2fx could be read as one outside of /up",
  ],
  [
    { type: "not", sets: [[{ type: "path", patterns: ["/admin/*"] }]] },
    { path: "/admin/x" },
    "what must not match does: path /admin/*",
  ],
])("%j says why it does not match", (matcher, given, reason) => expect(why(matcher, given)).toBe(reason));

test("a match has nothing to explain, and several sets are explained each", () => {
  const match = compileMatch([[{ type: "path", patterns: ["/a"] }], [{ type: "method", methods: ["PUT"] }]]);
  expect(match.mismatch(factsOf({ path: "/a" }))).toBeUndefined();
  expect(match.mismatch(factsOf({ path: "/x" }))).toBe("the path /x is not /a; and the method GET is not PUT");
});
