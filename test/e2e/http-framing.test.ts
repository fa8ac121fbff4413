import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf, valuesOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin } from "../helpers/raw-origin.ts";

const MIB = 1024 * 1024;

/** Bytes that differ from place to place. */
function bodyOf(size: number): Buffer {
  return Buffer.alloc(size, "0123456789abcdefghijklmnopqrstuvw");
}

/** Sends the pieces slowly, each in a packet of its own. The pause is what is tested, nothing is waited for by it. */
async function sendApart({ connection }: Exchange, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  for (const piece of pieces) {
    connection.send(piece);
    await connection.until(() => connection.unsentBytes === 0, "the piece to be taken");
    await Bun.sleep(2);
  }
}

describe.each(LANES)("an answer to a request by the $lane lane", ({ fields }) => {
  test.each([1, 13, 5_000, 14_000, 15_000, 20_000, 65_536, 900_000, MIB])(
    "of %p bytes keeps its Content-Length, and the connection",
    async (size) => {
      const body = bodyOf(size);
      const head = `HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: ${size}\r\n\r\n`;
      await using origin = RawOrigin.start(Buffer.concat([Buffer.from(head), body]));
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      for (let round = 0; round < 3; round++) {
        const answer = await client.request("GET", "/", fields);
        expect(valuesOf(answer.head, "content-length")).toEqual([String(size)]);
        expect(valuesOf(answer.head, "transfer-encoding")).toEqual([]);
        expect(Buffer.compare(answer.body, body)).toBe(0);
      }
      expect(origin.connections).toHaveLength(1);
    },
  );

  test.each([3, 30_000, 300_000])("of %p bytes keeps its Content-Length when it comes slowly", async (size) => {
    const body = bodyOf(size);
    const pieces = [0, 1, 2].map((n) => body.subarray(Math.floor((n * size) / 3), Math.floor(((n + 1) * size) / 3)));
    await using origin = RawOrigin.start((exchange) =>
      sendApart(exchange, ["HTTP/1.1 200 OK\r\n", `Content-Length: ${size}\r\n\r\n`, ...pieces]),
    );
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (let round = 0; round < 2; round++) {
      const answer = await client.request("GET", "/", fields);
      expect(answer.framing).toBe("length");
      expect(Buffer.compare(answer.body, body)).toBe(0);
      expect(valueOf(answer.head, "content-type")).toBeUndefined();
    }
  });

  test("larger than the limit streams at once", async () => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    await using origin = RawOrigin.start(async ({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\na");
      await goOn;
      connection.send("b".repeat(1000));
    });
    await using proxy = await startProxy(origin.port, { proxy: { responseBufferBytes: 1000 } });
    await using client = await RawClient.connect(proxy.port);
    client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    const head = await client.head();
    expect(valueOf(head, "transfer-encoding")).toBe("chunked");
    expect((await client.chunk()).toString()).toBe("a");
    resolve();
    let rest = "";
    for (let chunk = await client.chunk(); chunk.length > 0; chunk = await client.chunk()) rest += chunk.toString();
    expect(rest).toBe("b".repeat(1000));
  });

  test("to HEAD has the Content-Length that the upstream told, and no body", async () => {
    await using origin = RawOrigin.start(({ target, connection }) =>
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target.slice(1)}\r\nContent-Type: a/b\r\n\r\n`),
    );
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (const size of [0, 1, 20_000, 5 * MIB, 5_000_000_000]) {
      const answer = await client.request("HEAD", `/${size}`, fields);
      expect(valuesOf(answer.head, "content-length")).toEqual([String(size)]);
      expect(valueOf(answer.head, "content-type")).toBe("a/b");
    }
    expect(origin.connections).toHaveLength(1);
  });

  test.each(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])(
    "to HEAD has no Content-Length where the upstream told none (%j)",
    async (head) => {
      await using origin = RawOrigin.start(({ connection }) => {
        connection.send(head);
        if (head.includes("close")) connection.end();
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      for (let round = 0; round < 2; round++) {
        const answer = await client.request("HEAD", "/", fields);
        expect([answer.status, valuesOf(answer.head, "content-length")]).toEqual([200, []]);
      }
    },
  );

  test.each([
    ["204", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", []],
    ["304", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nX-A: b\r\n\r\n', []],
    ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nX-A: b\r\n\r\n", ["500"]],
    ["205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nX-A: b\r\n\r\n", ["0"]],
    ["200 with nothing in it", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: b\r\n\r\n", ["0"]],
    ["404 with nothing in it", "HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 0\r\n\r\n", ["0"]],
  ])("without a body is exact: %s", async (_what, bytes, lengths) => {
    await using origin = RawOrigin.start(bytes);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (let round = 0; round < 3; round++) {
      const answer = await client.request("GET", "/", fields);
      expect(answer.status).toBe(Number(bytes.slice(9, 12)));
      expect(valuesOf(answer.head, "content-length")).toEqual(lengths);
      expect(valuesOf(answer.head, "transfer-encoding")).toEqual([]);
      expect(valuesOf(answer.head, "content-type")).toEqual([]);
      expect(valueOf(answer.head, "x-a")).toBe("b");
    }
    expect(origin.connections).toHaveLength(1);
  });

  test("206 keeps its range, its length and its bytes", async () => {
    await using origin = RawOrigin.start(
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-7/100\r\nContent-Length: 3\r\nAccept-Ranges: bytes\r\n\r\n567",
    );
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", [...fields, "Range: bytes=5-7"]);
    expect([answer.status, answer.body.toString()]).toEqual([206, "567"]);
    expect(valueOf(answer.head, "content-range")).toBe("bytes 5-7/100");
    expect(valueOf(answer.head, "content-length")).toBe("3");
    expect(valueOf((await origin.exchange()).head, "range")).toBe("bytes=5-7");
  });

  test.each([
    ["1.1", "HTTP/1.1 200 OK\r\n\r\n"],
    ["1.0", "HTTP/1.0 200 OK\r\nServer: s\r\n\r\n"],
  ])("whose end is the end of the connection (HTTP/%s) arrives whole", async (_version, head) => {
    for (const size of [0, 5, 300_000, 3_000_000]) {
      const body = bodyOf(size);
      await using origin = RawOrigin.start(({ connection }) => {
        connection.send(head);
        connection.send(body);
        connection.end();
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      for (let round = 0; round < 2; round++) {
        const answer = await client.request("GET", "/", fields);
        expect(answer.status).toBe(200);
        expect(Buffer.compare(answer.body, body)).toBe(0);
        expect(valueOf(answer.head, "content-type")).toBeUndefined();
      }
    }
  });
});
