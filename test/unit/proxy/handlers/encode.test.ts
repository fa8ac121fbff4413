import { describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { EncodeConfig } from "../../../../src/config/routes-model.ts";
import { compileEncode, EncodeHandler, type Encoder, type Encoding } from "../../../../src/proxy/handlers/encode.ts";
import { sessionFor } from "./request.ts";

function config(some: Partial<EncodeConfig> = {}): EncodeConfig {
  return {
    type: "encode",
    formats: ["zstd", "br", "gzip"],
    minimumBytes: 512,
    gzipLevel: 5,
    contentTypes: undefined,
    ...some,
  };
}

interface Asked {
  readonly accept?: string;
  readonly request?: Record<string, string>;
  readonly status?: number;
  readonly answer?: Record<string, string>;
}

function chosen(encoder: Encoder, { accept = "gzip", request = {}, status = 200, answer = {} }: Asked): string {
  const headers = new Headers({ "Content-Type": "text/html", "Content-Length": "2000", ...answer });
  const asked = new Headers({ "Accept-Encoding": accept, ...request });
  return encoder.encodingFor(asked, status, headers, "GET") ?? "none";
}

describe("the encoding", () => {
  test.each([
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["gzip, zstd", "zstd"],
    ["zstd, gzip, br", "zstd"],
    ["gzip, br", "br"],
    ["gzip;q=0.9, zstd;q=0.1", "gzip"],
    ["gzip;q=0.5, zstd;q=0.4", "gzip"],
    ["deflate, gzip;q=1.0, *;q=0.5", "gzip"],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=abc", "gzip"],
    ["zstd;q=0, gzip", "gzip"],
    ["gzip;q=0", "none"],
    ["gzip ; q=0", "none"],
    ["gzip;q=0.0", "none"],
    ["identity", "none"],
    ["", "none"],
    ["x-gzip", "none"],
    ["*", "none"],
    ["gzip;q=0, *", "none"],
  ])("for %p is %s", (accept, encoding) => {
    expect(chosen(compileEncode(config()), { accept })).toBe(encoding);
  });

  test("follows the configured order, and knows only what is configured", () => {
    const encoder = compileEncode(config({ formats: ["gzip", "zstd"] }));
    expect(chosen(encoder, { accept: "zstd, gzip" })).toBe("gzip");
    expect(chosen(encoder, { accept: "br" })).toBe("none");
    expect(chosen(encoder, { accept: "br" })).toBe("none");
  });

  test.each<[string, Asked]>([
    ["a WebSocket handshake", { request: { "Sec-WebSocket-Key": "abc" } }],
    ["no-transform of the answer", { answer: { "Cache-Control": "public, No-Transform" } }],
    ["no-transform of the request", { request: { "Cache-Control": "no-transform" } }],
    ["what is encoded", { answer: { "Content-Encoding": "br" } }],
    ["what says that it is not encoded", { answer: { "Content-Encoding": "identity" } }],
    ["an event stream", { answer: { "Content-Type": "text/event-stream; charset=utf-8" } }],
    ["204", { status: 204 }],
    ["304", { status: 304 }],
    ["206", { status: 206, answer: { "Content-Range": "bytes 0-1999/3000" } }],
    ["416", { status: 416, answer: { "Content-Range": "bytes */3000" } }],
    ["the shortest length", { answer: { "Content-Length": "512" } }],
    ["nothing at all", { answer: { "Content-Length": "0" } }],
    ["an unknown type", { answer: { "Content-Type": "" } }],
  ])("is none for %s", (_, asked) => {
    expect(chosen(compileEncode(config()), asked)).toBe("none");
  });

  test("is there from one byte more on, for failures, and for an unknown length", () => {
    const encoder = compileEncode(config());
    expect(chosen(encoder, { answer: { "Content-Length": "513" } })).toBe("gzip");
    expect(chosen(encoder, { status: 404 })).toBe("gzip");
    const headers = new Headers({ "Content-Type": "text/html" });
    expect(encoder.encodingFor(new Headers({ "Accept-Encoding": "gzip" }), 200, headers, "GET")).toBe("gzip");
  });

  // What Debian's Caddy 2.6.2 compresses of the types of later ones.
  test.each([
    ["text/plain; charset=utf-8", true],
    ["TEXT/HTML", true],
    ["application/json", true],
    ["application/javascript", true],
    ["application/xhtml+xml", true],
    ["application/atom+xml", true],
    ["application/rss+xml", true],
    ["image/svg+xml", true],
    ["application/ld+json", false],
    ["application/octet-stream", false],
    ["application/wasm", false],
    ["application/xml", false],
    ["font/woff2", false],
    ["image/png", false],
  ])("for the type %s: %p", (type, isText) => {
    expect(chosen(compileEncode(config()), { answer: { "Content-Type": type } }) !== "none").toBe(isText);
  });

  test("configured types take the place of the list", () => {
    const encoder = compileEncode(config({ contentTypes: ["application/x-*", "image/bmp"] }));
    const of = (type: string): string => chosen(encoder, { answer: { "Content-Type": type } });
    expect([of("application/x-a; b=c"), of("image/bmp"), of("image/bmp; a=b"), of("text/html")]).toEqual([
      "gzip",
      "gzip",
      "none",
      "none",
    ]);
  });
});

describe("the fields of a compressed answer", () => {
  const edited = (fields: Record<string, string>): Record<string, string> => {
    const headers = new Headers(fields);
    compileEncode(config()).edit("gzip", headers);
    return Object.fromEntries(headers);
  };

  test("lose length and ranges, and gain encoding and Vary", () => {
    const fields = { "Content-Length": "600", "Accept-Ranges": "bytes", "Last-Modified": "x", Vary: "Origin" };
    expect(edited(fields)).toEqual({
      "content-encoding": "gzip",
      "last-modified": "x",
      vary: "Origin, Accept-Encoding",
    });
  });

  test.each(["Accept-Encoding", "Origin, accept-encoding", "*"])("Vary: %s says it already", (vary) => {
    expect(edited({ Vary: vary })).toEqual({ "content-encoding": "gzip", vary });
  });

  test("a strong tag becomes the encoding's, as in Caddy since 2.8, and the origin is asked for its own", () => {
    expect(edited({ ETag: '"abc"' })["etag"]).toBe('"abc-gzip"');
    expect(edited({ ETag: 'W/"abc"' })["etag"]).toBe('W/"abc"');
    const asked = (tag: string): string | null => {
      const session = sessionFor("/", { headers: { "Accept-Encoding": "gzip", "If-None-Match": tag } });
      new EncodeHandler(config()).handle(session);
      expect(session.ctx.encoder).toBeDefined();
      return session.headers.get("if-none-match");
    };
    expect(asked('"abc-gzip"')).toBe('"abc"');
    expect(asked('"abc-br"')).toBe('"abc-br"');
    expect(asked('W/"abc-gzip"')).toBe('W/"abc-gzip"');
  });
});

const DECODE: Readonly<Record<Encoding, (bytes: Uint8Array) => Buffer>> = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
};

describe.each<Encoding>(["zstd", "br", "gzip"])("a body compressed by %s", (encoding) => {
  const encoder = compileEncode(config());
  const compressed = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> =>
    encoder.transform(encoding, body);
  const text = Buffer.from("some text, and again some text ".repeat(20_000));

  test("is the same after all, whole or streamed, and smaller", async () => {
    const whole = encoder.whole(encoding, text);
    const streamed = await new Response(compressed(new Response(text).body as ReadableStream<Uint8Array>)).bytes();
    for (const bytes of [whole, streamed]) {
      expect(bytes.length).toBeLessThan(text.length / 50);
      expect(DECODE[encoding](bytes).equals(text)).toBe(true);
    }
  });

  test("may be empty", async () => {
    const empty = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
    expect(DECODE[encoding](await new Response(compressed(empty)).bytes())).toHaveLength(0);
  });

  test("is not held back when the next piece is not there yet", async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const pieces = ["first", "second"];
    const source = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const piece = pieces.shift();
        if (pieces.length === 0) await asked;
        if (piece === undefined) controller.close();
        else controller.enqueue(Buffer.from(piece));
      },
    });
    const reader = compressed(source).getReader();
    const got: Uint8Array[] = [];
    const seen = (): string => {
      const whole = Buffer.concat(got);
      // What is not ended cannot be decoded at once, so the decoder is asked for what it has.
      return decodeSoFar(encoding, whole);
    };
    while (seen() !== "first") got.push((await reader.read()).value ?? new Uint8Array());
    ask();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) got.push(piece.value);
    expect(DECODE[encoding](Buffer.concat(got)).toString()).toBe("firstsecond");
  });

  test("breaks off where its source does", async () => {
    let isFirst = true;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isFirst) controller.enqueue(text);
        else controller.error(new Error("cut"));
        isFirst = false;
      },
    });
    await expect(new Response(compressed(source)).bytes()).rejects.toThrow("cut");
  });

  test("reads no faster than it is read, and ends its source when nobody reads any more", async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
    let made = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        made++;
        controller.enqueue(crypto.getRandomValues(new Uint8Array(64 * 1024)));
      },
      cancel: resolve,
    });
    const reader = compressed(source).getReader();
    await reader.read();
    const before = made;
    await Bun.sleep(20);
    // One more may be asked for already.
    expect(made).toBeLessThanOrEqual(before + 1);
    await reader.cancel("gone");
    expect(await cancelled).toBe("gone");
  });
});

function decodeSoFar(encoding: Encoding, bytes: Uint8Array): string {
  if (bytes.length === 0) return "";
  const flush = { zstd: 1, br: 1, gzip: 2 }[encoding];
  try {
    return DECODE_PARTLY[encoding](bytes, flush).toString();
  } catch {
    return "";
  }
}

const DECODE_PARTLY: Readonly<Record<Encoding, (bytes: Uint8Array, finishFlush: number) => Buffer>> = {
  zstd: (bytes, finishFlush) => zstdDecompressSync(bytes, { finishFlush }),
  br: (bytes, finishFlush) => brotliDecompressSync(bytes, { finishFlush }),
  gzip: (bytes, finishFlush) => gunzipSync(bytes, { finishFlush }),
};
