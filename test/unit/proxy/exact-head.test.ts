import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import { type AnswerHead, MAX_HEAD_BYTES, parseAnswerHead } from "../../../src/proxy/exact/answer-head.ts";
import { HeadBuffer } from "../../../src/proxy/exact/head-buffer.ts";
import { KnownFields } from "../../../src/proxy/exact/known-fields.ts";
import { headBytes, RequestHead } from "../../../src/proxy/exact/request-head.ts";
import type { Outgoing } from "../../../src/proxy/lane.ts";

/** With nothing known of the peer. */
function parse(text: string): AnswerHead | ProxyError {
  return parseAnswerHead(text, new KnownFields());
}

function good(text: string): AnswerHead {
  const head = parse(text);
  if (head instanceof ProxyError) throw new Error(head.detail);
  return head;
}

describe("the head of an answer", () => {
  test.each([
    ["HTTP/1.1 200 OK", 200],
    ["HTTP/1.1 200 ", 200],
    ["HTTP/1.1 200", 200],
    ["HTTP/1.0 404 Not Found", 404],
    ["HTTP/1.1 100 Continue", 100],
    ["HTTP/1.1 599 a\tb \xe4", 599],
  ])("may begin with %j", (line, status) => {
    expect(good(line).status).toBe(status);
    expect(good(`${line}\r\nX-A: b`).headers.get("x-a")).toBe("b");
  });

  test.each([
    "",
    "HTTP/1.1",
    "HTTP/1.1 ",
    "HTTP/1.1 2",
    "HTTP/1.1 20",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1\t200 OK",
    "HTTP/1.1 099 x",
    "HTTP/1.1 600 x",
    "HTTP/1.1 2x0 OK",
    "HTTP/1.1 -20 OK",
    "HTTP/1.2 200 OK",
    "HTTP/2 200 OK",
    "HTTP/2.0 200 OK",
    "HTTP/11 200 OK",
    "http/1.1 200 OK",
    "ICY 200 OK",
    " HTTP/1.1 200 OK",
    "\r\nHTTP/1.1 200 OK",
    "HTTP/1.1 200 O\0K",
    "HTTP/1.1 200 O\rK",
    "HTTP/1.1 200 O\nK",
    "HTTP/1.1 200 OK\n",
    "HTTP/1.1 200 O\x7fK",
  ])("may not begin with %j", (line) => {
    for (const text of [line, `${line}\r\nContent-Length: 0`]) expect(parse(text)).toBeInstanceOf(ProxyError);
  });

  test.each([
    ["X-A: b", "b"],
    ["X-A:b", "b"],
    ["X-A: \t b \t", "b"],
    ["X-A:", ""],
    ["X-A: ", ""],
    ["X-A: a:b: c", "a:b: c"],
    ["X-A: \xe4\xff\x80", "\xe4\xff\x80"],
    ["x-a: a\r\nX-A: b", "a, b"],
    ["X-a: a\tb", "a\tb"],
  ])("may have the field %j", (line, value) => {
    expect(good(`HTTP/1.1 200 OK\r\n${line}`).headers.get("x-a")).toBe(value);
    expect(good(`HTTP/1.1 200 OK\r\nA: b\r\n${line}\r\nC: d`).headers.get("c")).toBe("d");
  });

  test.each([
    ["no colon", "X-A"],
    ["no name", ": b"],
    ["a blank before the colon", "X-A : b"],
    ["a tab before the colon", "X-A\t: b"],
    ["a blank in its name", "X A: b"],
    ["a folded line", "X-A: b\r\n c"],
    ["a line folded by a tab", "X-A: b\r\n\tc: d"],
    ["a folded line with a colon", "X-A: b\r\n c: d"],
    ["a blank before the first name", " X-A: b"],
    ["a NUL in its value", "X-A: b\0c"],
    ["a NUL in its name", "X\0A: b"],
    ["a CR alone", "X-A: b\rc"],
    ["a CR alone at its end", "X-A: b\r"],
    ["an LF alone", "X-A: b\nX-B: c"],
    ["an LF at its end", "X-A: b\n"],
    ["two CR", "X-A: b\r\r\nX-B: c"],
    ["a control in its value", "X-A: b\x01"],
    ["DEL in its value", "X-A: b\x7f"],
    ["a quote in its name", 'X"A: b'],
    ["a letter beyond ASCII in its name", "X\xe4: b"],
    ["an empty line", "X-A: b\r\n\r\nX-B: c"],
  ])("may not have a field with %s", (_what, line) => {
    for (const text of [line, `A: b\r\n${line}`, `${line}\r\nC: d`]) {
      expect(parse(`HTTP/1.1 200 OK\r\n${text}`)).toBeInstanceOf(ProxyError);
    }
  });

  test("keeps the lines of Set-Cookie apart", () => {
    const { headers } = good("HTTP/1.1 200 OK\r\nSet-Cookie: a=1, b\r\nset-cookie: c=2");
    expect(headers.getSetCookie()).toEqual(["a=1, b", "c=2"]);
  });

  test("may have 1000 fields and no more", () => {
    const fields = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: a`).join("\r\n");
    expect([...good(`HTTP/1.1 200 OK\r\n${fields(1000)}`).headers]).toHaveLength(1000);
    expect(parse(`HTTP/1.1 200 OK\r\n${fields(1001)}`)).toBeInstanceOf(ProxyError);
  });

  test.each([
    ["", -1, false, true],
    ["Content-Length: 0", 0, false, true],
    ["Content-Length:5", 5, false, true],
    ["content-length: 999999999999999", 999999999999999, false, true],
    ["Content-Length: 5\r\nContent-Length: 5", 5, false, true],
    ["Content-Length: 5, 5", 5, false, true],
    ["Content-Length: 5,5\r\nContent-Length: 5", 5, false, true],
    ["Transfer-Encoding: chunked", -1, true, true],
    ["transfer-encoding: Chunked", -1, true, true],
    ["Transfer-Encoding: chunked\r\nContent-Length: 5", -1, true, false],
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", -1, true, false],
    ["Connection: close", -1, false, false],
    ["Connection: Close", -1, false, false],
    ["Connection: x, close", -1, false, false],
    ["Connection: keep-alive\r\nConnection: close", -1, false, false],
    ["Connection: closed", -1, false, true],
    ["Connection: keep-alive", -1, false, true],
  ])("with %j says how its body ends", (fields, length, isChunked, keepsAlive) => {
    const text = fields === "" ? "" : `\r\n${fields}`;
    expect(good(`HTTP/1.1 200 OK${text}`)).toMatchObject({ length, isChunked, keepsAlive });
    // HTTP/1.0 needs an agreement that nobody offers (RFC 9112 9.3).
    expect(good(`HTTP/1.0 200 OK${text}`)).toMatchObject({ length, isChunked, keepsAlive: false });
  });

  test.each([
    "Content-Length: ",
    "Content-Length: x",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 5.0",
    "Content-Length: 0x5",
    "Content-Length: 5 5",
    "Content-Length: 5;",
    "Content-Length: 5,",
    "Content-Length: ,5",
    "Content-Length: 5, 6",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nContent-Length: ",
    "Content-Length: 1000000000000000",
    "Transfer-Encoding: ",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked;",
    "Transfer-Encoding: chunked\r\nContent-Length: x",
  ])("with %j is refused", (fields) => {
    expect(parse(`HTTP/1.1 200 OK\r\n${fields}`)).toBeInstanceOf(ProxyError);
  });

  test("tells one Content-Length, and none beside chunks", () => {
    for (const fields of ["Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5 , 5"]) {
      expect(good(`HTTP/1.1 200 OK\r\n${fields}`).headers.get("content-length")).toBe("5");
    }
    const { headers } = good("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked");
    expect(headers.has("content-length")).toBe(false);
  });

  test("is the same whatever is known of the peer's earlier ones", () => {
    const heads = [
      "HTTP/1.1 200 OK\r\nX-A: a\r\nContent-Length: 5\r\nConnection: close\r\nSet-Cookie: a",
      "HTTP/1.1 200 OK\r\nX-A: a\r\nContent-Length: 5\r\nConnection: close\r\nSet-Cookie: a",
      "HTTP/1.1 200 OK\r\nX-A: ab\r\nContent-Length: 55\r\nConnection: keep-alive\r\nSet-Cookie: b",
      "HTTP/1.1 200 OK\r\nX-a:\r\ncontent-length: 6\r\nX-A:a \r\nX-A: \ta\tb",
      "HTTP/1.1 200 OK\r\nXxA: a\r\nX-A: a\r\nX-A: a\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 200 OK\r\nX-A: a\r\nTransfer-Encoding: Chunked\r\nContent-Length: 6, 6",
      "HTTP/1.1 200 OK\r\nX-A : a",
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
      "HTTP/1.1 200 OK\r\nX-A: a\0",
    ];
    const facts = (head: AnswerHead | ProxyError) =>
      head instanceof ProxyError ? head : { ...head, headers: [...head.headers] };
    for (const first of heads) {
      for (const second of heads) {
        const known = new KnownFields();
        for (const head of [first, second, first])
          expect(facts(parseAnswerHead(head, known))).toEqual(facts(parse(head)));
      }
    }
  });

  test("is the same in pieces, wherever it is cut", () => {
    const text = "HTTP/1.1 200 OK\r\nX-A: \xe4\r\nContent-Length: 3";
    const bytes = Buffer.from(`${text}\r\n\r\nabc`, "latin1");
    for (let cut = 0; cut <= bytes.length; cut++) {
      const buffer = new HeadBuffer();
      const first = buffer.push(bytes.subarray(0, cut));
      const split = first ?? buffer.push(bytes.subarray(cut));
      if (split === undefined || split instanceof ProxyError) throw new Error(`no head when cut at ${cut}`);
      expect(split.text).toBe(text);
      const later = first === undefined ? "" : bytes.toString("latin1", cut);
      expect(split.rest.toString() + later).toBe("abc");
    }
  });

  test("has a limit, however it comes", () => {
    const long = Buffer.alloc(MAX_HEAD_BYTES + 1, "a");
    expect(new HeadBuffer().push(long)).toBeInstanceOf(ProxyError);
    const buffer = new HeadBuffer();
    let last: unknown = undefined;
    for (let at = 0; at < long.length && last === undefined; at += 1000)
      last = buffer.push(long.subarray(at, at + 1000));
    expect(last).toBeInstanceOf(ProxyError);
    expect(new HeadBuffer().push(Buffer.concat([long, Buffer.from("\r\n\r\n")]))).toBeInstanceOf(ProxyError);
  });
});

describe("the head of a request", () => {
  const write = (given: Partial<Outgoing>): string | ProxyError =>
    new RequestHead("keep-alive").write({
      method: "GET",
      target: "/",
      headers: new Headers({ Host: "a" }),
      body: undefined,
      signal: new AbortController().signal,
      ...given,
    });

  test("is the target and the fields as given, Host first", () => {
    const headers = new Headers([
      ["X-B", "\xe4"],
      ["Accept", "a, b"],
      ["Host", "site.test:80"],
      ["X-B", "c"],
    ]);
    const head = write({ target: "//a/../%zz?b[]=%C3#", headers });
    expect(head).toStartWith("GET //a/../%zz?b[]=%C3# HTTP/1.1\r\nHost: site.test:80\r\n");
    expect((head as string).split("\r\n").slice(2).sort()).toEqual(
      ["", "", "Connection: keep-alive", "Accept: a, b", "X-B: \xe4, c"].sort(),
    );
    expect(Buffer.from(headBytes(head as string)).includes(Buffer.from([0xe4]))).toBe(true);
    expect(headBytes("a")).toBe("a");
  });

  test("says how the body ends", () => {
    const body = new ReadableStream<Uint8Array>();
    const length = new Headers({ Host: "a", "Content-Length": "5" });
    const codings = new Headers({ Host: "a", "Transfer-Encoding": "gzip", Connection: "close, x" });
    const framing = (given: Partial<Outgoing>) =>
      (write(given) as string).split("\r\n").filter((line) => /^(content-length|transfer-encoding):/i.test(line));
    expect(framing({ method: "POST", body })).toEqual(["Transfer-Encoding: chunked"]);
    expect(framing({ method: "POST", body, headers: codings })).toEqual(["Transfer-Encoding: chunked"]);
    expect(framing({ method: "POST", body, headers: length })).toEqual(["Content-Length: 5"]);
    expect(framing({ method: "POST" })).toEqual(["Content-Length: 0"]);
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) expect(framing({ method })).toEqual([]);
    expect(write({ method: "POST", headers: length })).toBeInstanceOf(ProxyError);
  });

  test.each([
    { method: "GET /" },
    { method: "G\r\nX: y" },
    { method: "" },
    { target: "" },
    { target: "/a b" },
    { target: "/\r\nX: y" },
    { target: "/\n" },
    { target: "/\0" },
    { target: "/\u{100}" },
  ])("is not written for %j", (given) => {
    expect(write(given)).toBeInstanceOf(ProxyError);
  });

  test.each(["b\r\nX: y", "b\n", "b\0", "b\rc"])("relies on Headers to take no value %j", (value) => {
    // At its ends it is cut off, within it is refused.
    for (const put of ["append", "set"] as const) {
      const headers = new Headers();
      try {
        headers[put]("x-a", value);
      } catch {}
      expect(headers.get("x-a") ?? "").not.toMatch(/[\0\r\n]/);
    }
  });

  test("is the same by the names of an earlier one as without, whatever came before", () => {
    const requests = [
      { host: "a", accept: "b", "x-c": "d" },
      { host: "a", accept: "c", "x-c": "" },
      { host: "a", accept: "c", "x-d": "e" },
      { host: "a", "x-d": "e", "user-agent": "f" },
      { accept: "c", "x-d": "e", cookie: "g=h" },
      { host: "a", connection: "close", te: "i" },
      { host: "a", "set-cookie": "j", accept: "k" },
      { host: "a", "x-e": "l", "x-f": "m" },
    ];
    const signal = new AbortController().signal;
    const outgoing = (fields: Record<string, string>): Outgoing => {
      const headers = new Headers(fields);
      if (fields["set-cookie"] !== undefined) headers.append("set-cookie", "n");
      return { method: "GET", target: "/", headers, body: undefined, signal };
    };
    const used = new RequestHead("keep-alive");
    const lines = (head: string | ProxyError) => String(head).split("\r\n").sort();
    for (let round = 0; round < 3; round++) {
      for (const fields of requests) {
        const fresh = new RequestHead("keep-alive").write(outgoing(fields));
        expect(lines(used.write(outgoing(fields)))).toEqual(lines(fresh));
      }
    }
    expect(lines(used.write(outgoing({ "set-cookie": "j" })))).toContain("Set-Cookie: n");
  });
});

test("a head whose lines end with LF alone is refused at its first line, wherever it is cut, and never waited for", () => {
  const text = Buffer.from("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
  for (let cut = 0; cut <= text.length; cut++) {
    const head = new HeadBuffer();
    const first = head.push(text.subarray(0, cut));
    const result = first ?? head.push(text.subarray(cut));
    expect(result).toBeInstanceOf(ProxyError);
  }
  const whole = Buffer.from("HTTP/1.1 200 OK\r\nA: b\r\n\r\nok");
  for (let cut = 0; cut <= whole.length; cut++) {
    const head = new HeadBuffer();
    const result = head.push(whole.subarray(0, cut)) ?? head.push(whole.subarray(cut));
    expect(result).toMatchObject({ text: "HTTP/1.1 200 OK\r\nA: b" });
  }
});
