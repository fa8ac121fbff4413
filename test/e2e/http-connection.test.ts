import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin } from "../helpers/raw-origin.ts";

const LIMIT = 20_000;

/** What the origin answers by path. */
const ANSWERS: Readonly<Record<string, string>> = {
  "/small": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall",
  "/gathered": `HTTP/1.1 200 OK\r\nContent-Length: ${LIMIT}\r\n\r\n${"g".repeat(LIMIT)}`,
  "/streamed": `HTTP/1.1 200 OK\r\nContent-Length: ${LIMIT + 1}\r\n\r\n${"s".repeat(LIMIT + 1)}`,
  "/chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  "/chunked-empty": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "/empty": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "/204": "HTTP/1.1 204 No Content\r\n\r\n",
  "/205": "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
  "/304": "HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n",
  "/404": "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!",
  "/500": "HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n2\r\noh\r\n0\r\n\r\n",
};
const HEAD_ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n";
const LAST = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast";

/** A method and path, and the status that comes back. */
const KINDS: readonly (readonly [method: string, path: string, status: number])[] = [
  ...Object.entries(ANSWERS).map(([path, answer]) => ["GET", path, Number(answer.slice(9, 12))] as const),
  ["HEAD", "/small", 200],
  ["POST", "/chunked", 200],
  ["DELETE", "/204", 204],
  ["GET", "/broken", 502],
  ["GET", "/outside", 404],
  ["CONNECT", "/small", 405],
  ["TRACE", "/small", 405],
];

async function answer(exchange: Exchange): Promise<void> {
  const { method, target, connection } = exchange;
  await exchange.body();
  const path = target.replace("/up", "");
  if (path === "/broken") connection.end();
  else connection.send(method === "HEAD" ? HEAD_ANSWER : (ANSWERS[path] ?? LAST));
}

async function setUp() {
  const origin = RawOrigin.start(answer);
  const proxy = await startProxy(origin.port, {
    path: { type: "segments", path: "/up" },
    proxy: { responseBufferBytes: LIMIT },
  });
  const client = await RawClient.connect(proxy.port);
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

function targetOf(path: string): string {
  return path === "/outside" ? path : `/up${path}`;
}

describe.each(LANES)("by the $lane lane a connection", ({ fields }) => {
  const lines = fields.map((line) => `${line}\r\n`).join("");

  test.each(KINDS)("goes on after %s %s (%p)", async (method, path, status) => {
    await using all = await setUp();
    for (let round = 0; round < 3; round++) {
      expect((await all.client.request(method, targetOf(path), fields)).status).toBe(status);
      expect((await all.client.request("GET", "/up/last", fields)).body.toString()).toBe("last");
    }
    expect(all.client.unread.length).toBe(0);
  });

  // Bun.serve (1.4.5) closes a connection on which a request comes while another is being answered.
  test("never mixes up the answers to requests that were sent all at once", async () => {
    await using all = await setUp();
    const requests = KINDS.filter(([method]) => method !== "CONNECT");
    all.client.send(requests.map(([method, path]) => `${method} ${targetOf(path)} HTTP/1.1\r\n${lines}\r\n`).join(""));
    for (const [method, path, status] of requests) {
      const got = await all.client.answer(method).catch(() => undefined);
      if (got === undefined) break;
      expect([method, path, got.status]).toEqual([method, path, status]);
    }
    expect(all.client.unread.length).toBe(0);
  });

  test("is closed after the answer when its client asked for that", async () => {
    for (const [method, path, status] of KINDS.filter(([verb]) => verb !== "CONNECT")) {
      await using all = await setUp();
      const got = await all.client.request(method, targetOf(path), [...fields, "Connection: close"]);
      expect(got.status).toBe(status);
      expect(await all.client.ended()).toBe("fin");
    }
  });

  test("of HTTP/1.0 gets answers that end by a length or by its close, never chunked", async () => {
    for (const [method, path, status] of KINDS.filter(([verb]) => verb === "GET")) {
      await using all = await setUp();
      all.client.send(`${method} ${targetOf(path)} HTTP/1.0\r\n${lines}\r\n`);
      const got = await all.client.answer(method);
      expect([path, got.status]).toEqual([path, status]);
      expect(valueOf(got.head, "transfer-encoding")).toBeUndefined();
      if (path === "/chunked") expect(got.body.toString()).toBe("abcde");
      if (path === "/streamed") expect(got.body.length).toBe(LIMIT + 1);
      if (path === "/gathered") expect(got.framing).toBe("length");
    }
  });
});

test("HTTP/1.0 without Host reaches the upstream with the upstream's own authority", async () => {
  await using origin = RawOrigin.start(LAST);
  await using proxy = await startProxy(origin.port);
  for (const lines of ["", "User-Agent: u\r\nAccept: a\r\n"]) {
    await using client = await RawClient.connect(proxy.port);
    client.send(`GET /a?b HTTP/1.0\r\n${lines}\r\n`);
    const got = await client.answer();
    expect([got.status, got.body.toString(), await client.ended()]).toEqual([200, "last", "fin"]);
    const exchange = origin.exchanges.at(-1) as Exchange;
    expect([exchange.target, valueOf(exchange.head, "host")]).toEqual(["/a?b", `127.0.0.1:${origin.port}`]);
  }
});

test.each(["FOO", "get", "CHECKIN"])("the method %s, which Bun does not know, is never forwarded", async (method) => {
  await using origin = RawOrigin.start(LAST);
  await using proxy = await startProxy(origin.port);
  await using client = await RawClient.connect(proxy.port);
  client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.ended();
  expect(origin.exchanges).toHaveLength(0);
});
