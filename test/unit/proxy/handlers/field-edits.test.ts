import { describe, expect, test } from "bun:test";
import type { FieldEdits } from "../../../../src/config/routes-model.ts";
import type { GatewaySession } from "../../../../src/proxy/gateway-ctx.ts";
import { type AnswerSource, applyAnswerEdits, compileFieldEdits } from "../../../../src/proxy/handlers/field-edits.ts";
import { HeaderHandler } from "../../../../src/proxy/handlers/header.ts";
import { RequestHeader } from "../../../../src/proxy/handlers/request-header.ts";
import { sessionFor } from "./request.ts";

type Fields = readonly (readonly [string, string])[];

function edits(some: Partial<FieldEdits>): FieldEdits {
  return { add: [], set: [], remove: [], replace: [], default: [], ...some };
}

const field = (name: string, value: string): { field: string; value: string } => ({ field: name, value });

function fieldsOf(headers: Headers): Fields {
  return [...headers];
}

function edited(some: Partial<FieldEdits>, fields: Fields, session = sessionFor("/")): Fields {
  const headers = new Headers(fields as [string, string][]);
  compileFieldEdits(edits(some)).apply(headers, session);
  return fieldsOf(headers);
}

describe("edits of fields", () => {
  test("are made in Caddy's order: add, set, remove, replace, default", () => {
    const some = {
      default: [field("X-A", "def"), field("X-C", "def")],
      replace: [{ field: "X-A", regexp: "e", with: "E" }],
      remove: ["X-B"],
      set: [field("X-A", "set")],
      add: [field("X-A", "add"), field("X-B", "add")],
    };
    expect(edited(some, [["X-A", "up"]])).toEqual([
      ["x-a", "sEt"],
      ["x-c", "def"],
    ]);
  });

  test.each([
    ["X-A", "x-b y-a y-b"],
    ["X-*", "y-a y-b"],
    ["*-A", "x-b y-b"],
    ["*-*", ""],
    ["*", ""],
    ["no", "x-a x-b y-a y-b"],
  ])("remove %p leaves %p", (pattern, left) => {
    const fields: Fields = ["X-A", "X-B", "Y-A", "Y-B"].map((name) => [name, "v"] as const);
    expect(
      edited({ remove: [pattern] }, fields)
        .map(([name]) => name)
        .join(" "),
    ).toBe(left);
  });

  test.each([
    ["$2=${1}", "b=aa=b"],
    ["<$1x>", "<ax><bx>"],
    ["$0$$$3$n", "ab$ba$"],
    ["{method}", "GETGET"],
    ["{header.X-In}", "$1$1"],
  ])("a replacement %p gives %p", (text, value) => {
    const session = sessionFor("/", { headers: { "X-In": "$1" } });
    const replace = [{ field: "X-A", regexp: "([ab])([ab])", with: text }];
    expect(edited({ replace }, [["X-A", "abba"]], session)).toEqual([["x-a", value]]);
  });

  test("a named group is its name's", () => {
    const replace = [{ field: "*", regexp: "(?<first>u)p", with: "$first" }];
    expect(edited({ replace }, [["X-A", "up up"]])).toEqual([["x-a", "u u"]]);
  });

  test("Set-Cookie lines stay several, each edited for itself", () => {
    const cookies: Fields = [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ];
    expect(edited({ replace: [{ field: "Set-Cookie", regexp: "$", with: "; Secure" }] }, cookies)).toEqual([
      ["set-cookie", "a=1; Secure"],
      ["set-cookie", "b=2; Secure"],
    ]);
    expect(edited({ add: [field("Set-Cookie", "c=3")] }, cookies)).toHaveLength(3);
  });

  test("framing cannot be edited, not even by a pattern", () => {
    const framing: Fields = [
      ["connection", "x"],
      ["content-length", "3"],
      ["te", "trailers"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "websocket"],
    ];
    expect(edited({ remove: ["*", "Content-Length"] }, framing)).toEqual(framing);
    expect(edited({ set: framing.map(([name]) => field(name, "no")) }, framing)).toEqual(framing);
    expect(edited({ replace: [{ field: "*", regexp: ".", with: "no" }] }, framing)).toEqual(framing);
    expect(edited({ add: [field("Connection", "x")], default: [field("TE", "x")] }, [])).toEqual([]);
  });

  test("a value out of a request can neither end its field nor throw", () => {
    const session = sessionFor("/?a=1%0d%0aX-B:%202%00z%C3%A9");
    const value = "1  X-B: 2 z\u00c3\u00a9";
    const some = { set: [field("X-A", "{query.a}")], add: [field("X-C", "{query.a}")] };
    expect(edited(some, [], session)).toEqual([
      ["x-a", value],
      ["x-c", value],
    ]);
    expect(edited({ replace: [{ field: "X-A", regexp: "u", with: "{query.a}" }] }, [["X-A", "u"]], session)).toEqual([
      ["x-a", value],
    ]);
    expect(edited({ set: [field("{query.a}", "v"), field("", "v"), field("a b", "v")] }, [], session)).toEqual([]);
  });

  test("text of a configuration goes out as UTF-8", () => {
    const [[, value] = ["", ""]] = edited({ set: [field("X-A", "é😀")] }, []);
    expect(Buffer.from(value, "latin1").toString("utf8")).toBe("é😀");
  });

  test("a request's fields and its Host can be set, and matchers see it", () => {
    const session = sessionFor("/", { headers: { "X-Old": "1" } });
    const before = session.revision;
    new RequestHeader(edits({ set: [field("Host", "b.example:1"), field("X-A", "{host}")], remove: ["X-Old"] })).handle(
      session,
    );
    expect(session.hostname).toBe("b.example");
    expect(session.headers.get("x-a")).toBe("b.example");
    expect(session.headers.has("x-old")).toBe(false);
    expect(session.request.headers.has("x-old")).toBe(true);
    expect(session.revision).toBeGreaterThan(before);
  });
});

/** What an answer has after the handlers asked for their edits. Each: deferred or not, and its edits. */
function answered(
  asked: readonly (readonly [boolean, Partial<FieldEdits>])[],
  fields: Fields,
  source: AnswerSource = "upstream",
  session: GatewaySession = sessionFor("/"),
): Fields {
  for (const [deferred, some] of asked)
    new HeaderHandler({ type: "header", deferred, edits: edits(some) }).handle(session);
  const headers = new Headers(fields as [string, string][]);
  applyAnswerEdits(session.ctx.edits ?? [], headers, session, source);
  return fieldsOf(headers);
}

const UP: Fields = [
  ["X-A", "up1"],
  ["X-A", "up2"],
  ["X-B", "ub"],
];

// Each as Debian's Caddy 2.6.2 answers.
describe("edits of an upstream's answer", () => {
  test("that are not deferred stand before its own fields", () => {
    expect(answered([[false, { set: [field("X-A", "set")] }]], UP)).toContainEqual(["x-a", "set, up1, up2"]);
    expect(answered([[false, { add: [field("X-A", "add")] }]], UP)).toContainEqual(["x-a", "add, up1, up2"]);
    const three = [
      [false, { set: [field("X-A", "one")] }],
      [false, { set: [field("X-A", "two")] }],
      [false, { add: [field("X-A", "three")] }],
    ] as const;
    expect(answered(three, UP)).toContainEqual(["x-a", "two, three, up1, up2"]);
  });

  test("that remove or replace change its fields only when deferred", () => {
    const some = { replace: [{ field: "X-A", regexp: "up", with: "R" }], remove: ["X-B"] };
    expect(answered([[false, some]], UP)).toEqual([
      ["x-a", "up1, up2"],
      ["x-b", "ub"],
    ]);
    expect(answered([[true, some]], UP)).toEqual([["x-a", "R1, R2"]]);
  });

  test("that are deferred replace, and add behind", () => {
    expect(answered([[true, { set: [field("X-A", "set")], add: [field("X-B", "add")] }]], UP)).toEqual([
      ["x-a", "set"],
      ["x-b", "ub, add"],
    ]);
  });

  test("that are deferred run from the innermost outwards", () => {
    const two = [
      [true, { set: [field("X-A", "one")], add: [field("X-B", "one")] }],
      [true, { set: [field("X-A", "two")], add: [field("X-B", "two")] }],
    ] as const;
    expect(answered(two, UP)).toEqual([
      ["x-a", "one"],
      ["x-b", "ub, two, one"],
    ]);
  });

  test("defaults are deferred by themselves", () => {
    const some = { set: [field("X-A", "set")], default: [field("X-B", "def"), field("X-C", "def")] };
    expect(answered([[false, some]], UP)).toEqual([
      ["x-a", "set, up1, up2"],
      ["x-b", "ub"],
      ["x-c", "def"],
    ]);
  });

  test("placeholders have the value of the moment when an edit is not deferred, of the answer when it is", () => {
    const session = sessionFor("/before");
    const handler = (deferred: boolean, name: string): void =>
      new HeaderHandler({
        type: "header",
        deferred,
        edits: edits({ set: [field(name, "{path}{http.response.header.X-B}")] }),
      }).handle(session);
    handler(false, "X-Now");
    handler(true, "X-Later");
    session.rewrite("/after");
    const headers = new Headers({ "X-B": "ub" });
    applyAnswerEdits(session.ctx.edits ?? [], headers, session, "upstream");
    expect(headers.get("x-now")).toBe("/before");
    expect(headers.get("x-later")).toBe("/afterub");
  });

  test("a field that can be but one is the configured one, cookies come before the upstream's", () => {
    const some = {
      set: [
        field("Content-Type", "text/x"),
        field("Strict-Transport-Security", "max-age=1"),
        field("Set-Cookie", "m=1"),
      ],
    };
    const fields: Fields = [
      ["Content-Type", "text/html"],
      ["Strict-Transport-Security", "max-age=2"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ];
    expect(answered([[false, some]], fields)).toEqual([
      ["content-type", "text/x"],
      ["strict-transport-security", "max-age=1"],
      ["set-cookie", "m=1"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });
});

describe("edits of an answer of our own", () => {
  test("are made whether deferred or not; a redirect keeps its Location", () => {
    const some = [
      [false, { set: [field("X-A", "set"), field("Content-Type", "text/x"), field("Location", "zz")] }],
      [true, { default: [field("X-B", "def")], remove: ["Server"] }],
    ] as const;
    const fields: Fields = [
      ["Content-Type", "text/plain"],
      ["Location", "/x"],
    ];
    expect(new Map(answered(some, fields, "own"))).toEqual(
      new Map([
        ["content-type", "text/x"],
        ["location", "/x"],
        ["x-a", "set"],
        ["x-b", "def"],
      ]),
    );
  });

  test("are made to an error only when not deferred, and never to its own fields", () => {
    const some = [
      [false, { set: [field("X-A", "set"), field("Cache-Control", "public")] }],
      [true, { set: [field("X-D", "deferred")], default: [field("X-E", "def")], remove: ["Cache-Control"] }],
    ] as const;
    expect(answered(some, [["Cache-Control", "no-store"]], "error")).toEqual([
      ["cache-control", "no-store"],
      ["x-a", "set"],
    ]);
  });
});
