import { describe, expect, test } from "bun:test";
import type { AccessRecord } from "../../../src/observe/access-record.ts";
import { commonLogTime } from "../../../src/core/times.ts";
import { lineFormat, type LineFormatOptions } from "../../../src/observe/line-format.ts";
import { record } from "../../helpers/access-record.ts";

const FORMATS = ["json", "console", "combined", "common"] as const;

function lineOf(
  some: Partial<AccessRecord>,
  format: LineFormatOptions["format"],
  more: Partial<LineFormatOptions["redaction"]> = {},
): string {
  const redaction = { showsCredentials: false, headers: [], query: [], ...more };
  return lineFormat({ format, redaction, omits: { requestHeaders: false, responseHeaders: false } }).line(record(some));
}

function jsonOf(some: Partial<AccessRecord>, more: Partial<LineFormatOptions["redaction"]> = {}): unknown {
  return JSON.parse(lineOf(some, "json", more));
}

/** Text as the bytes of its UTF-8, one char for each. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

describe("a JSON line", () => {
  test("has the shape of Caddy's", () => {
    const requestHeaders = new Headers({ "user-agent": "x", "x-z": "1" });
    requestHeaders.append("x-z", "2");
    const line = lineOf({ requestHeaders, responseHeaders: new Headers({ "X-A": "b" }) }, "json");
    expect(line).toEndWith("}\n");
    expect(JSON.parse(line)).toEqual({
      level: "info",
      ts: 1_795_543_015.342,
      logger: "http.log.access",
      msg: "handled request",
      request: {
        remote_ip: "127.0.0.1",
        remote_port: "34250",
        client_ip: "192.0.2.1",
        proto: "HTTP/1.1",
        method: "GET",
        host: "a.example",
        uri: "/a%2Fb?q=1",
        headers: { "User-Agent": ["x"], "X-Z": ["1, 2"] },
      },
      bytes_read: 0,
      user_id: "",
      duration: 0.0015,
      size: 5,
      status: 200,
      resp_headers: { "X-A": ["b"] },
    });
  });

  test("has fields of ours where they say something", () => {
    const some = {
      status: 502,
      secure: true,
      route: "app",
      upstream: "127.0.0.1:3000",
      connectMs: 1,
      upstreamLatencyMs: 2,
      retries: 1,
      requestId: "id",
      error: "connection_refused: no",
    };
    expect(jsonOf(some)).toMatchObject({
      level: "error",
      request: { tls: {} },
      route: "app",
      upstream: "127.0.0.1:3000",
      upstream_connect: 0.001,
      upstream_latency: 0.002,
      retries: 1,
      request_id: "id",
      error: "connection_refused: no",
    });
  });

  test("leaves out what is not known", () => {
    const line = jsonOf({ proto: undefined, bytesRead: undefined });
    expect(line).not.toHaveProperty("request.proto");
    expect(line).not.toHaveProperty("bytes_read");
  });

  test("tells no secret, however often a field comes", () => {
    const requestHeaders = new Headers({
      Authorization: "secret",
      Cookie: "secret",
      "Proxy-Authorization": "secret",
      "X-Api-Key": "secret",
      "X-A": "seen",
    });
    const responseHeaders = new Headers([
      ["Set-Cookie", "secret"],
      ["Set-Cookie", "secret2"],
      ["X-Api-Key", "secret"],
    ]);
    const redacted = ["REDACTED"];
    const line = lineOf({ requestHeaders, responseHeaders }, "json", { headers: ["x-api-key"] });
    expect(line).not.toContain("secret");
    expect(line.match(/Set-Cookie/g)).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({
      request: {
        headers: {
          Authorization: redacted,
          Cookie: redacted,
          "Proxy-Authorization": redacted,
          "X-Api-Key": redacted,
          "X-A": ["seen"],
        },
      },
      resp_headers: { "Set-Cookie": redacted, "X-Api-Key": redacted },
    });
  });

  test("tells them where it is to", () => {
    const requestHeaders = new Headers({ Authorization: "secret" });
    const responseHeaders = new Headers([
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
    expect(jsonOf({ requestHeaders, responseHeaders }, { showsCredentials: true })).toMatchObject({
      request: { headers: { Authorization: ["secret"] } },
      resp_headers: { "Set-Cookie": ["a=1", "b=2"] },
    });
  });

  test("remembers nothing of one message for another", () => {
    const redaction = { showsCredentials: false, headers: [], query: ["t"] };
    const format = lineFormat({ format: "json", redaction, omits: { requestHeaders: false, responseHeaders: false } });
    const headersOf = (headers: Headers): unknown =>
      (JSON.parse(format.line(record({ requestHeaders: headers }))) as { request: { headers: unknown } }).request
        .headers;
    expect(headersOf(new Headers({ "x-a": "1", referer: "/?t=1" }))).toEqual({
      "X-A": ["1"],
      Referer: ["/?t=REDACTED"],
    });
    expect(headersOf(new Headers({ "x-a": "2" }))).toEqual({ "X-A": ["2"] });
    expect(headersOf(new Headers({ "x-a": "2", referer: "/" }))).toEqual({ "X-A": ["2"], Referer: ["/"] });
    for (let i = 0; i < 1000; i++) headersOf(new Headers({ [`x-${i}`]: "v" }));
    expect(headersOf(new Headers({ "x-999": "w", __proto__x: "1" }))).toEqual({ "X-999": ["w"], __proto__x: ["1"] });
  });

  test("leaves out the fields of messages where it is to", () => {
    const redaction = { showsCredentials: false, headers: [], query: [] };
    const format = lineFormat({ format: "json", redaction, omits: { requestHeaders: true, responseHeaders: true } });
    const line: unknown = JSON.parse(format.line(record({ requestHeaders: new Headers({ a: "b" }) })));
    expect(line).toMatchObject({ request: { uri: "/a%2Fb?q=1" }, status: 200 });
    expect(line).not.toHaveProperty("request.headers");
    expect(line).not.toHaveProperty("resp_headers");
  });

  test("shows UTF-8 as it is, and other bytes one by one", () => {
    const requestHeaders = new Headers({ "X-A": bytes("é"), "X-B": "\u00e9" });
    expect(jsonOf({ requestHeaders, host: bytes("ü") })).toMatchObject({
      request: { headers: { "X-A": ["é"], "X-B": ["é"] }, host: "ü" },
    });
  });
});

test("a console line is for people", () => {
  const some = { status: 502, upstream: "127.0.0.1:3000", userId: "bob", retries: 2, error: "connection_refused: no" };
  expect(lineOf(some, "console")).toBe(
    "2026-11-24 17:56:55Z ERROR 192.0.2.1 GET a.example/a%2Fb?q=1 502 5B 1.5ms user=bob upstream=127.0.0.1:3000 retries=2 error=connection_refused: no\n",
  );
});

describe("a line of Apache's formats", () => {
  const time = commonLogTime(new Date(1_795_543_015_342));
  const requestHeaders = new Headers({ referer: "https://b.example/", "user-agent": "curl/8" });

  test("is what nginx writes", () => {
    const common = `192.0.2.1 - - [${time}] "GET /a%2Fb?q=1 HTTP/1.1" 200 5`;
    expect(lineOf({ requestHeaders }, "common")).toBe(`${common}\n`);
    expect(lineOf({ requestHeaders }, "combined")).toBe(`${common} "https://b.example/" "curl/8"\n`);
    expect(lineOf({ userId: "bob" }, "combined")).toBe(`${common.replace("- -", "- bob")} "-" "-"\n`);
    expect(time).toMatch(/^\d\d\/Nov\/2026:\d\d:\d\d:\d\d [+-]\d{4}$/);
  });

  test("escapes as nginx does", () => {
    const agent = `a"b\\c\td${bytes("é")}\u00ff`;
    expect(lineOf({ requestHeaders: new Headers({ "user-agent": agent }) }, "combined")).toEndWith(
      '"a\\x22b\\x5Cc\\x09d\\xC3\\xA9\\xFF"\n',
    );
    expect(lineOf({ uri: '/"\u2028' }, "common")).toContain('"GET /\\x22\\xE2\\x80\\xA8 HTTP/1.1"');
  });

  test("keeps a user's name from ending its place", () => {
    expect(lineOf({ userId: 'x [1] "y' }, "common")).toStartWith(`192.0.2.1 - x\\x20\\x5B1\\x5D\\x20\\x22y [${time}]`);
  });

  test("has unix: for a client without an address", () => {
    expect(lineOf({ clientAddress: "" }, "common")).toStartWith("unix: - - [");
  });

  test("shows no field that is not to be shown", () => {
    expect(lineOf({ requestHeaders }, "combined", { headers: ["user-agent"] })).toEndWith(
      '"https://b.example/" "REDACTED"\n',
    );
  });
});

const NASTY = [
  "a\r\nb",
  "\u0000",
  "\u001b[31mred",
  "\u007f\u0080\u009b2J",
  '" onload="x',
  "\\\\n",
  "\u2028\u2029\u0085",
  bytes("\u2028"),
  bytes("\u202eevil"),
  "\u202e",
  bytes("é").slice(0, 1),
  "\u00ff\u00fe",
  bytes("\u{1f600}"),
  '","status":200,"x":"',
  "}\n{",
  '" 200 5 "-" "-"\n127.0.0.1 - - [',
];

describe.each(FORMATS)("whatever a request holds, its %s line", (format) => {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

  test.each(NASTY)("stays one line and obeys nobody: %j", (nasty) => {
    // What Headers would refuse never comes in a field.
    const fields = new Headers();
    for (const name of ["user-agent", "referer", "x-a", "cookie"]) {
      try {
        fields.set(name, nasty);
      } catch {
        fields.set(name, "refused");
      }
    }
    const some = {
      requestHeaders: fields,
      responseHeaders: fields,
      method: nasty,
      host: nasty,
      uri: nasty,
      userId: nasty,
      route: nasty,
      upstream: nasty,
      requestId: nasty,
      error: nasty,
      webSocket: {
        closedBy: "client",
        code: 1000,
        reason: nasty,
        clientCode: 1000,
        upstreamCode: undefined,
        traffic: { messagesReceived: 1, bytesReceived: 2, messagesSent: 3, bytesSent: 4 },
      },
    } as const;
    const line = lineOf(some, format);
    expect(line.at(-1)).toBe("\n");
    expect(line.slice(0, -1)).not.toMatch(DANGEROUS);
    if (format === "json") {
      expect(JSON.parse(line)).toMatchObject({ error: nasty, status: 200, websocket: { close_reason: nasty } });
    }
    if (format === "combined") {
      expect(line).toMatch(/^192\.0\.2\.1 - \S* \[[^\]]+\] "[^"]*" 200 5 "[^"]*" "[^"]*"\n$/);
    }
    if (format === "common") expect(line).toMatch(/^192\.0\.2\.1 - \S* \[[^\]]+\] "[^"]*" 200 5\n$/);
  });
});

describe("what is redacted in a query", () => {
  const query = ["token", "a b"];
  const uriOf = (uri: string): string => (jsonOf({ uri }, { query }) as { request: { uri: string } }).request.uri;

  test.each([
    ["/x?token=s", "/x?token=REDACTED"],
    ["/x?a=1&token=s&b=2&token=t#f", "/x?a=1&token=REDACTED&b=2&token=REDACTED#f"],
    ["/x?%74oken=s&a+b=s&a%20b=s", "/x?%74oken=REDACTED&a+b=REDACTED&a%20b=REDACTED"],
    ["/token=s?tokens=1&Token=2", "/token=s?tokens=1&Token=2"],
    ["/x?token&%zz=1", "/x?token&%zz=1"],
    ["/x?token=", "/x?token=REDACTED"],
  ])("of %s leaves %s", (uri, expected) => {
    expect(uriOf(uri)).toBe(expected);
  });

  test.each(FORMATS)("does not stand elsewhere in a %s line", (format) => {
    const requestHeaders = new Headers({ referer: "https://a/?token=secret" });
    const responseHeaders = new Headers({ location: "/?token=secret" });
    expect(lineOf({ uri: "/?token=secret", requestHeaders, responseHeaders }, format, { query })).not.toContain(
      "secret",
    );
  });
});
