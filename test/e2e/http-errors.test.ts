import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy, tcpHealth } from "../helpers/proxy.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { valueOf, valuesOf } from "../helpers/raw-head.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Failure {
  readonly status: number;
  /** The word in the log and in `details`. */
  readonly reason: string;
  /** The error type of RFC 9209; the reason itself where it is not given. */
  readonly type?: string;
  readonly text: string;
}

/** The answer is the one for this failure, and it was logged once with the same word. */
async function expectFailure(proxy: ProxyUnderTest, answer: RawAnswer, failure: Failure): Promise<void> {
  const { status, reason, type = reason, text } = failure;
  expect(answer.status).toBe(status);
  expect(valueOf(answer.head, "proxy-status")).toBe(`gatekeeper; error=${type}; details="${reason}"`);
  expect(valueOf(answer.head, "cache-control")).toBe("no-store");
  expect(valueOf(answer.head, "content-type")).toBe("text/plain; charset=utf-8");
  expect(answer.framing).toBe("length");
  expect(answer.body.toString()).toBe(text);
  await proxy.log.until(() => proxy.log.failures.length > 0, "the failure to be logged");
  expect(proxy.log.failures.map(({ facts }) => [facts["status"], facts["reason"]])).toEqual([[status, reason]]);
}

const BAD_REQUEST = { status: 400, type: "http_request_error", text: "Bad Request\n" } as const;
const BAD_GATEWAY = { status: 502, text: "Bad Gateway\n" } as const;

describe.each(LANES)("by the $lane lane", ({ fields }) => {
  test("a connection that is refused gives 502", async () => {
    await using proxy = await startProxy(refusingPort());
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    await expectFailure(proxy, answer, { ...BAD_GATEWAY, reason: "connection_refused" });
    expect((await client.request("GET", "/", fields)).status).toBe(502);
  });

  test("a unix socket that is not there gives 502", async () => {
    await using proxy = await startProxy([{ type: "unix", path: "/nowhere/gatekeeper.sock", tls: false }]);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    await expectFailure(proxy, answer, { ...BAD_GATEWAY, reason: "connection_refused" });
  });

  test("a host that has no address gives 503", async () => {
    await using proxy = await startProxy([{ type: "tcp", host: "nosuch.invalid", port: 80, tls: false }]);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    const text = "Service Unavailable\n";
    await expectFailure(proxy, answer, { status: 503, text, reason: "name_not_resolved", type: "dns_error" });
  });

  test("no answer in time gives 504, ends the upstream's connection, and later requests are served", async () => {
    await using origin = RawOrigin.start(({ connection }) =>
      origin.exchanges.length > 1 ? connection.send(OK) : null,
    );
    await using proxy = await startProxy(origin.port, {
      proxy: { timeouts: { dialMs: 0, responseHeaderMs: 300, readMs: 0, writeMs: 0 } },
    });
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    const text = "Gateway Timeout\n";
    await expectFailure(proxy, answer, { status: 504, reason: "http_response_timeout", text });
    await (await origin.exchange()).connection.ended();
    expect((await client.request("GET", "/", fields)).status).toBe(200);
  });

  test("an answer whose body takes longer than the time for its head is not cut", async () => {
    await using origin = RawOrigin.start(async ({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
      await Bun.sleep(700);
      connection.send("ok");
    });
    await using proxy = await startProxy(origin.port, {
      proxy: { timeouts: { dialMs: 0, responseHeaderMs: 500, readMs: 0, writeMs: 0 } },
    });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).body.toString()).toBe("ok");
  });

  test("no peer that is up gives 503", async () => {
    await using proxy = await startProxy([refusingPort(), refusingPort()], { proxy: tcpHealth(20) });
    await proxy.log.until(
      () => proxy.log.lines.filter(({ message }) => message === "peer is down").length === 2,
      "2 down",
    );
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    const reason = "no_peer_available";
    await expectFailure(proxy, answer, {
      status: 503,
      reason,
      type: "destination_unavailable",
      text: "Service Unavailable\n",
    });
  });

  test("a path outside the context path gives 404, and the upstream hears nothing", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port, { path: { type: "segments", path: "/up" } });
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/upper", fields);
    const failure = { status: 404, reason: "no_route", type: "destination_not_found", text: "Not Found\n" };
    await expectFailure(proxy, answer, failure);
    expect((await client.request("GET", "/up", fields)).status).toBe(200);
    expect(origin.exchanges).toHaveLength(1);
  });

  test.each(["a@b", "a/b", "", "a b", "a?b", "a#b", "a:b", "[::1", "a:99999", "a, b", "/", "http://a"])(
    "a Host that is no authority gives 400 (%j)",
    async (host) => {
      await using origin = RawOrigin.start(OK);
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      const answer = await client.request("GET", "/", [`Host: ${host}`, ...fields.slice(1)]);
      await expectFailure(proxy, answer, { ...BAD_REQUEST, reason: "invalid_host" });
      expect(origin.exchanges).toHaveLength(0);
    },
  );

  test.each([["b"], ["site.test"]])("a repeated Host gives 400 (%s)", async (second) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", [...fields, `Host: ${second}`]);
    await expectFailure(proxy, answer, { ...BAD_REQUEST, reason: "invalid_host" });
    expect(origin.exchanges).toHaveLength(0);
  });

  test.each(["GET", "HEAD"])("a %s with a body gives 400", async (method) => {
    for (const [framing, body] of [
      ["Content-Length: 3", "abc"],
      ["Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"],
    ] as const) {
      await using origin = RawOrigin.start(OK);
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      // Read as a GET's answer: the body of a HEAD's is left out.
      const answer = await client.request(method, "/", [...fields, framing], body);
      if (method === "GET") await expectFailure(proxy, answer, { ...BAD_REQUEST, reason: "body_on_get" });
      expect([answer.status, origin.exchanges.length]).toEqual([400, 0]);
    }
  });

  test.each(["CONNECT", "TRACE"])("%s gives 405 with what is allowed", async (method) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request(method, "/", fields);
    const text = "Method Not Allowed\n";
    await expectFailure(proxy, answer, {
      status: 405,
      reason: "method_not_allowed",
      type: "http_request_denied",
      text,
    });
    expect(valuesOf(answer.head, "allow")).toEqual(["GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"]);
  });

  const TOO_LARGE = {
    status: 413,
    reason: "payload_too_large",
    type: "http_request_error",
    text: "Content Too Large\n",
  };

  test("a body that says it is too large gives 413 before it is sent, and one within the limit passes", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port, { listener: { maxRequestBodyBytes: 10 } });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("POST", "/", [...fields, "Content-Length: 10"], "0123456789")).status).toBe(200);
    client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nContent-Length: 11\r\n\r\n`);
    await expectFailure(proxy, await client.answer(), TOO_LARGE);
    expect(origin.exchanges).toHaveLength(1);
    client.send("0123456789a");
    expect((await client.request("GET", "/", fields)).status).toBe(200);
  });

  test("a chunked body that grows too large gives 413 and never looks complete; one within the limit passes", async () => {
    const head = `POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port, { listener: { maxRequestBodyBytes: 10 } });
    await using within = await RawClient.connect(proxy.port);
    within.send(`${head}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`);
    expect((await within.answer()).status).toBe(200);
    expect((await (await origin.exchange()).body()).toString()).toBe("0123456789");
    await using client = await RawClient.connect(proxy.port);
    client.send(`${head}6\r\n012345\r\n`);
    const { connection } = await origin.exchange(2);
    client.send("5\r\n6789a\r\n0\r\n\r\n");
    await expectFailure(proxy, await client.answer(), TOO_LARGE);
    await connection.ended();
    expect(connection.unread.toString()).not.toContain("0\r\n\r\n");
  });

  test("a chunked body without end is cut off past the limit, and takes no memory", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port, { listener: { maxRequestBodyBytes: 100_000 } });
    await using client = await RawClient.connect(proxy.port);
    client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${"x".repeat(0x10_00_00)}\r\n`;
    for (let sent = 0; sent < 32; sent++) client.send(chunk);
    await expectFailure(proxy, await client.answer(), TOO_LARGE);
    await origin.connections[0]?.ended();
  });
});
