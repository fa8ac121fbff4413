import { readFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";

/** Memory of a process now and at most, in MB (Linux). */
export function memoryOf(pid: number): { readonly nowMB: number; readonly peakMB: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { nowMB: read("VmRSS"), peakMB: read("VmHWM") };
}

const PIECE = Buffer.alloc(64 * 1024, "x");

/** Sends so many bytes as fast as the socket takes them, in chunks where they are asked for, with their end. */
export function flood(socket: net.Socket, bytes: number, chunked: boolean): void {
  let left = bytes;
  const send = (): void => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      if (chunked) socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      if (chunked) socket.write(left > 0 ? "\r\n" : "\r\n0\r\n\r\n");
      if (socket.writableNeedDrain) return;
    }
  };
  socket.on("drain", send);
  send();
}

/** How fast one side reads: bursts as fast as it can, each followed by a pause that brings the mean to this. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
}

/** Reads in bursts until so many bytes came, head and all. Rejects when the connection ends before. */
export function readInBursts(socket: net.Socket, bytes: number, pace: Pace): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let total = 0;
  let burst = 0;
  const began = performance.now();
  socket.on("data", (piece: Buffer) => {
    total += piece.length;
    burst += piece.length;
    if (total >= bytes) resolve();
    if (burst < pace.burstBytes) return;
    burst = 0;
    const aheadMs = (total / pace.bytesPerSecond) * 1000 - (performance.now() - began);
    if (aheadMs <= 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), aheadMs);
  });
  socket.on("close", () => reject(new Error(`closed after ${total} of ${bytes} bytes`)));
  return promise;
}

export interface FlowOptions {
  /** Where the proxy listens, and the origin's server, which has no listener for connections yet. */
  readonly port: number;
  readonly origin: net.Server;
  readonly fields: readonly string[];
  readonly bytes: number;
  readonly chunked: boolean;
  readonly pace: Pace;
}

export async function listen(): Promise<{ readonly server: net.Server; readonly port: number } & AsyncDisposable> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

async function connections({
  origin,
  port,
}: FlowOptions): Promise<[client: net.Socket, upstream: Promise<net.Socket>]> {
  const upstream = new Promise<net.Socket>((resolve) => origin.once("connection", resolve));
  const client = net.connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => client.once("connect", resolve).once("error", reject));
  return [client, upstream];
}

function head(method: string, fields: readonly string[]): string {
  return `${method} / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
}

/** One download through the proxy to a client that reads in bursts; resolves when all of it is there. */
export async function download(options: FlowOptions): Promise<void> {
  const [client, upstream] = await connections(options);
  client.write(head("GET", options.fields));
  const source = await upstream;
  const framing = options.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${options.bytes}`;
  source.on("error", () => {});
  source.once("data", () => {
    source.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    flood(source, options.bytes, options.chunked);
  });
  await readInBursts(client, options.bytes, options.pace);
  client.destroy();
}

/** One upload through the proxy to an origin that reads in bursts; resolves when the client has its answer. */
export async function upload(options: FlowOptions): Promise<void> {
  const [client, upstream] = await connections(options);
  const framing = options.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${options.bytes}`;
  client.write(head("POST", [...options.fields, framing]));
  flood(client, options.bytes, options.chunked);
  const sink = await upstream;
  sink.on("error", () => {});
  await readInBursts(sink, options.bytes, options.pace);
  const answer = new Promise<void>((resolve) => client.once("data", () => resolve()));
  sink.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await answer;
  client.destroy();
}
