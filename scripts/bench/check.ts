import http2 from "node:http2";
import { gunzipSync } from "node:zlib";
import tls from "node:tls";
import net from "node:net";
import type { Scenario } from "./scenarios.ts";

/** How long an answer may take that is only looked at. */
const DEADLINE_MS = 10_000;

/**
 * What is wrong with a contender's answer, as sentences; empty when it may be timed. Raw bytes, because
 * `fetch` would hide a Content-Length that is missing.
 */
export async function checkAnswer({ load, setup }: Scenario, port: number): Promise<readonly string[]> {
  switch (load.type) {
    case "requests": {
      const { path, bytes, fields, uploadBytes = 0 } = load;
      const isTls = setup.downstream !== "plain";
      return await checkHttp1({ port, path, bytes, fields, uploadBytes, isTls, isEncoded: setup.encodes === true });
    }
    case "burst":
    case "rate":
      return await checkHttp1({
        port,
        path: "/",
        bytes: load.bytes,
        fields: [],
        uploadBytes: 0,
        isTls: false,
        isEncoded: false,
      });
    case "http2":
      return await checkHttp2(port, load.bytes);
    case "messages":
    case "idle_sockets":
      return await checkEcho(port);
    // What comes back is looked at event by event by what makes the load.
    case "handshakes":
    case "events":
    case "start":
      return [];
    default:
      return load satisfies never;
  }
}

interface Wanted {
  readonly port: number;
  readonly path: string;
  readonly bytes: number;
  readonly fields: readonly string[];
  readonly uploadBytes: number;
  readonly isTls: boolean;
  /** Its body is to come compressed. */
  readonly isEncoded: boolean;
}

async function checkHttp1(wanted: Wanted): Promise<readonly string[]> {
  const { port, path, bytes, fields, uploadBytes } = wanted;
  const host = fields.some((line) => line.startsWith("Host:")) ? [] : [`Host: 127.0.0.1:${port}`];
  const length = uploadBytes > 0 ? [`Content-Length: ${uploadBytes}`] : [];
  const head = [`${uploadBytes > 0 ? "POST" : "GET"} ${path} HTTP/1.1`, ...host, ...fields, ...length];
  const received = await exchange(wanted, `${head.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  const text = received.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return [`no complete answer: ${JSON.stringify(text.slice(0, 200))}`];
  const lines = text.slice(0, end).split("\r\n");
  const wrong: string[] = [];
  if (!/^HTTP\/1\.1 200\b/.test(lines[0] ?? "")) wrong.push(`status line is ${JSON.stringify(lines[0])}`);
  const isChunked = lines.some((line) => /^transfer-encoding:\s*chunked/i.test(line));
  const sent = received.subarray(end + 4);
  const body = isChunked ? unchunked(sent) : sent;
  const isEncoded = lines.some((line) => /^content-encoding:\s*gzip$/i.test(line));
  if (isEncoded !== wanted.isEncoded) wrong.push(`the body is ${isEncoded ? "" : "not "}compressed`);
  const whole = body !== undefined && isEncoded ? gunzipSync(body) : body;
  if (whole?.length !== bytes) wrong.push(`body has ${whole?.length} bytes, not ${bytes}`);
  if (uploadBytes > 0 && text.slice(end + 4) !== String(uploadBytes)) wrong.push("the upload did not arrive whole");
  return wrong;
}

/** A chunked body put together; undefined for one that is none. */
function unchunked(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (end < 0 || Number.isNaN(size)) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** What comes of it, but not later than is waited for; then what it came by is closed. */
async function within<T>(coming: Promise<T>, missing: string, close: () => void): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(missing)), DEADLINE_MS);
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
    close();
  }
}

async function exchange({ port, uploadBytes, isTls }: Wanted, request: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const pieces: Buffer[] = [];
  const address = { host: "127.0.0.1", port };
  const socket = isTls ? tls.connect({ ...address, rejectUnauthorized: false }) : net.connect(address);
  socket.on("data", (piece: Buffer) => void pieces.push(piece));
  socket.once("close", () => resolve(Buffer.concat(pieces)));
  socket.once("error", reject);
  socket.write(request);
  if (uploadBytes > 0) socket.write(Buffer.alloc(uploadBytes, "x"));
  return await within(promise, "no end of the answer", () => socket.destroy());
}

/** One that passes on no WebSockets is not to end the scenario for all. */
async function checkEcho(port: number): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  socket.onopen = () => socket.send("echo");
  socket.onmessage = ({ data }) => resolve(data === "echo" ? [] : [`a WebSocket's echo is ${JSON.stringify(data)}`]);
  socket.onerror = () => resolve(["it passes on no WebSocket"]);
  return await within(promise, "no echo", () => socket.close());
}

async function checkHttp2(port: number, bytes: number): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.once("error", reject);
  const stream = session.request({ ":path": "/" });
  let status = 0;
  let received = 0;
  stream.on("response", (headers) => (status = Number(headers[":status"])));
  stream.on("data", (piece: Buffer) => (received += piece.length));
  stream.on("end", () => {
    const wrong = status === 200 ? [] : [`status is ${status}`];
    resolve(received === bytes ? wrong : [...wrong, `body has ${received} bytes, not ${bytes}`]);
  });
  stream.on("error", reject);
  stream.end();
  return await within(promise, "no end of the answer", () => session.destroy());
}
