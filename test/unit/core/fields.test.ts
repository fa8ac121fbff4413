import { describe, expect, test } from "bun:test";
import {
  hasToken,
  isOrdinaryRequest,
  isToken,
  removeLookalikes,
  removeRequestHopByHop,
  removeResponseHopByHop,
} from "../../../src/core/fields.ts";

function namesAfter(remove: (headers: Headers) => void, fields: Record<string, string>): readonly string[] {
  const headers = new Headers(fields);
  remove(headers);
  return [...headers.keys()].sort();
}

const CONNECTION_FIELDS = {
  connection: "close",
  "proxy-connection": "x",
  "keep-alive": "x",
  "proxy-authenticate": "x",
  "proxy-authorization": "x",
  te: "x",
  trailer: "x",
  "transfer-encoding": "chunked",
  upgrade: "x",
};

describe("hop-by-hop fields", () => {
  test("go in both directions, with Expect from requests and Alt-Svc from answers", () => {
    const both = { ...CONNECTION_FIELDS, expect: "x", "alt-svc": "x", "x-kept": "x" };
    expect(namesAfter(removeRequestHopByHop, both)).toEqual(["alt-svc", "x-kept"]);
    expect(namesAfter(removeResponseHopByHop, both)).toEqual(["expect", "x-kept"]);
  });

  test.each([
    ["X-A", ["x-b"]],
    ["x-a, X-B", []],
    [" x-a ,,\tx-b\t", []],
    ["close, x-b", ["x-a"]],
    ["keep-alive", ["x-a", "x-b"]],
    ["x-a b", ["x-a", "x-b"]],
    ['"x-a"', ["x-a", "x-b"]],
    ["é", ["x-a", "x-b"]],
    [",", ["x-a", "x-b"]],
    ["", ["x-a", "x-b"]],
  ])("go where Connection names them: %j", (connection, left) => {
    expect(namesAfter(removeRequestHopByHop, { connection, "x-a": "1", "x-b": "2" })).toEqual(left);
  });

  test("cannot be made of Host and Content-Length", () => {
    const fields = { connection: "host, Content-Length", host: "a", "content-length": "1" };
    expect(namesAfter(removeRequestHopByHop, fields)).toEqual(["content-length", "host"]);
  });
});

describe("an ordinary request", () => {
  const ORDINARY = { host: "a", "user-agent": "b", accept: "*/*", cookie: "c=d" };

  test("has fields of which none has to be removed", () => {
    expect(isOrdinaryRequest(new Headers(ORDINARY))).toBe(true);
    expect(isOrdinaryRequest(new Headers({ host: "a" }))).toBe(true);
    expect(isOrdinaryRequest(new Headers())).toBe(true);
  });

  test.each([
    ...Object.keys(CONNECTION_FIELDS),
    "expect",
    "content-length",
    "x_forwarded_for",
    "user.agent",
    "set-cookie",
  ])("has no %s", (name) => {
    expect(isOrdinaryRequest(new Headers({ ...ORDINARY, [name]: "x" }))).toBe(false);
    const alone = new Headers([[name, "x"]]);
    alone.append(name, "y");
    expect(isOrdinaryRequest(alone)).toBe(false);
  });

  test("may have a Connection that names no field, whatever came with the same names before", () => {
    const having = (connection: string) => isOrdinaryRequest(new Headers({ ...ORDINARY, "x-a": "1", connection }));
    const before = ["keep-alive", "x-a", "close", "upgrade", "close, x-a", "keep-alive"].map(having);
    expect(before).toEqual([true, false, true, false, false, true]);
  });

  test("may have one field twice", () => {
    const headers = new Headers(ORDINARY);
    headers.append("cookie", "e=f");
    headers.append("x_a", "1");
    expect(isOrdinaryRequest(headers)).toBe(false);
    headers.delete("x_a");
    expect(isOrdinaryRequest(headers)).toBe(true);
  });
});

test("an answer of usual fields alone loses its Connection and keeps the others", () => {
  const usual = { date: "d", server: "s", "content-type": "t", "content-length": "1" };
  expect(namesAfter(removeResponseHopByHop, { ...usual, connection: "keep-alive" })).toEqual(Object.keys(usual).sort());
  expect(namesAfter(removeResponseHopByHop, { ...usual, connection: "server" })).not.toContain("server");
});

describe("lookalike names", () => {
  test.each([
    "x_forwarded_for",
    "x.forwarded.for",
    "x-forwarded_prefix",
    "x_real_ip",
    "remote_user",
    "content_length",
    "transfer.encoding",
  ])("%s goes, because a proxy vouches for the real one", (name) => {
    expect(namesAfter(removeLookalikes, { [name]: "x" })).toEqual([]);
  });

  test("go where the real one is present, and stay where it is not", () => {
    expect(namesAfter(removeLookalikes, { "x-a": "1", x_a: "2", "x.a": "3", x_b: "4" })).toEqual(["x-a", "x_b"]);
  });
});

test.each([
  ["upgrade", true],
  ["Upgrade", true],
  ["keep-alive, Upgrade", true],
  ["keep-alive,upgrade", true],
  ["upgraded", false],
  ["up grade", false],
  ["", false],
])("the token upgrade is in %j: %p", (value, expected) => expect(hasToken(value, "upgrade")).toBe(expected));

test.each([
  ["X-A", true],
  ["!#$%&'*+-.^_`|~09az", true],
  ["", false],
  ["a b", false],
  ["a:b", false],
  ["é", false],
])("%j is a field name: %p", (text, expected) => expect(isToken(text)).toBe(expected));
