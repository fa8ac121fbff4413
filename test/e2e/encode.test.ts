import { describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { HandlerConfig } from "../../src/config/model.ts";
import type { EncodeConfig } from "../../src/config/routes-model.ts";
import type { RawConnection } from "../helpers/raw.ts";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, reverseProxy, startProxy } from "../helpers/proxy.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const DECODE = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync };

function textOf(length: number): string {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `${(i * 7919) % 1_000_003}, `;
  return text.slice(0, length);
}

async function start(answer: (connection: RawConnection, length: number) => void, config: Partial<EncodeConfig> = {}) {
  const origin = RawOrigin.start(async (exchange) => {
    await exchange.body();
    answer(exchange.connection, Number(exchange.target.slice(1)));
  });
  const encode: EncodeConfig = {
    type: "encode",
    formats: ["zstd", "br", "gzip"],
    minimumBytes: 512,
    gzipLevel: 5,
    contentTypes: undefined,
    ...config,
  };
  const upstream = { type: "tcp", host: "127.0.0.1", port: origin.port, tls: false } as const;
  const proxied: HandlerConfig = { type: "proxy", proxy: reverseProxy([upstream]) };
  const proxy = await startProxy(origin.port, {
    routes: [{ name: "r", match: [], handlers: [encode, proxied], terminal: false }],
  });
  return {
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const head = (length: number, more = ""): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "a"\r\n${more}Content-Length: ${length}\r\n\r\n`;

const whole = (connection: RawConnection, length: number): void => connection.send(`${head(length)}${textOf(length)}`);

async function ask(proxy: ProxyUnderTest, length: number, encoding: string, method = "GET"): Promise<RawAnswer> {
  await using client = await RawClient.connect(proxy.port);
  const [{ fields }] = LANES;
  return await client.request(method, `/${length}`, [...fields, `Accept-Encoding: ${encoding}`]);
}

describe.each(["gzip", "br", "zstd"] as const)("an answer compressed by %s", (encoding) => {
  test("has its new length where all of it was here within a moment, and is chunked where not", async () => {
    await using started = await start(whole);
    // 600,000 bytes are not gathered either.
    for (const length of [600, 11_999, 12_001, 30_000, 120_000, 140_000, 600_000]) {
      const { status, head: fields, framing, body } = await ask(started.proxy, length, encoding);
      expect([status, valueOf(fields, "content-encoding"), valueOf(fields, "etag")]).toEqual([
        200,
        encoding,
        `"a-${encoding}"`,
      ]);
      expect(DECODE[encoding](body).toString()).toBe(textOf(length));
      const isWhole = length <= (encoding === "br" ? 32 : 128) * 1024;
      expect(framing).toBe(isWhole ? "length" : "chunked");
      expect(valueOf(fields, "content-length")).toBe(isWhole ? String(body.length) : undefined);
    }
  });
});

test("a level that takes long is for streams alone", async () => {
  await using started = await start(whole, { gzipLevel: 9 });
  const { framing, body } = await ask(started.proxy, 30_000, "gzip");
  expect(framing).toBe("chunked");
  expect(gunzipSync(body).toString()).toBe(textOf(30_000));
});

test("one that breaks off within its body is a 502, and no short text", async () => {
  await using started = await start((connection, length) => {
    connection.send(`${head(length)}${textOf(length / 2)}`);
    connection.end();
  });
  const { status, head: fields } = await ask(started.proxy, 30_000, "gzip");
  expect([status, valueOf(fields, "content-encoding")]).toEqual([502, undefined]);
});

test("HEAD says what a GET would be encoded by, and no length that nobody knows", async () => {
  await using started = await start((connection, length) => connection.send(head(length)));
  const { status, head: fields, body } = await ask(started.proxy, 30_000, "gzip", "HEAD");
  expect([status, valueOf(fields, "content-encoding"), valueOf(fields, "content-length")]).toEqual([
    200,
    "gzip",
    undefined,
  ]);
  expect(body).toHaveLength(0);
});

test("what is encoded already, or is short, passes as it is", async () => {
  await using started = await start((connection, length) =>
    connection.send(`${head(length, length > 1000 ? "Content-Encoding: br\r\n" : "")}${textOf(length)}`),
  );
  for (const length of [512, 2_000]) {
    const { framing, body } = await ask(started.proxy, length, "gzip");
    expect(framing).toBe("length");
    expect(body.toString()).toBe(textOf(length));
  }
});
