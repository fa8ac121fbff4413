import { createHash } from "node:crypto";
import net from "node:net";

/** One WebSocket frame as it stood on the wire. */
export interface RawFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isMasked: boolean;
  readonly reserved: number;
  readonly payload: Buffer;
}

export const Op = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The bytes of one frame. A client's is masked; `final: false` begins or continues a fragmented message. */
export function frame(
  opcode: number,
  payload: string | Uint8Array,
  options: { masked?: boolean; final?: boolean } = {},
): Buffer {
  const data = Buffer.from(payload);
  const masked = options.masked ?? false;
  const head = Buffer.alloc(14);
  head[0] = (options.final === false ? 0 : 0x80) | opcode;
  let size = 2;
  if (data.length < 126) head[1] = data.length;
  else if (data.length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(data.length, 2);
    size = 4;
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(data.length), 2);
    size = 10;
  }
  if (!masked) return Buffer.concat([head.subarray(0, size), data]);
  head[1] = (head[1] as number) | 0x80;
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  return Buffer.concat([head.subarray(0, size), key, xor(data, key)]);
}

export function closePayload(code: number, reason = ""): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

function xor(data: Buffer, key: Buffer): Buffer {
  const out = Buffer.allocUnsafe(data.length);
  for (let i = 0; i < data.length; i++) out[i] = (data[i] as number) ^ (key[i & 3] as number);
  return out;
}

type Ending = "fin" | "reset";

/** A TCP socket that hides nothing: heads, frames and the way it ended, each waited for as a condition. */
export class RawSocket implements Disposable {
  readonly socket: net.Socket;
  /** True for the proxy's client: what it sends is masked. */
  readonly masked: boolean;
  /** What came, not yet read: put together only when enough is there, so that a large message costs one copy. */
  #pieces: Buffer[] = [];
  #size = 0;
  #wanted = 0;
  #ending: Ending | undefined = undefined;
  #wake: (() => void)[] = [];
  received = 0;

  constructor(socket: net.Socket, masked: boolean) {
    this.socket = socket;
    this.masked = masked;
    socket.on("data", (chunk: Buffer) => {
      this.#pieces.push(chunk);
      this.#size += chunk.length;
      this.received += chunk.length;
      if (this.#size >= this.#wanted) this.#notify();
    });
    socket.on("end", () => {
      this.#ending ??= "fin";
      this.#notify();
    });
    socket.on("error", () => {
      this.#ending ??= "reset";
      this.#notify();
    });
    socket.on("close", () => {
      this.#ending ??= "fin";
      this.#notify();
    });
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  send(opcode: number, payload: string | Uint8Array = "", options: { final?: boolean } = {}): void {
    this.socket.write(frame(opcode, payload, { masked: this.masked, ...options }));
  }

  /** The next message head (up to the empty line). */
  async head(): Promise<string> {
    await this.#until(() => this.#joined().includes("\r\n\r\n"));
    const bytes = this.#joined();
    const end = bytes.indexOf("\r\n\r\n");
    this.#drop(end + 4);
    return bytes.toString("latin1", 0, end);
  }

  #joined(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  #drop(count: number): void {
    this.#pieces = [this.#joined().subarray(count)];
    this.#size -= count;
    this.#wanted = 0;
  }

  #want(count: number): undefined {
    this.#wanted = count;
    return undefined;
  }

  async frame(): Promise<RawFrame> {
    let found: RawFrame | undefined;
    await this.#until(() => (found ??= this.#takeFrame()) !== undefined);
    return found as RawFrame;
  }

  /** Waits for the end of the connection; gives what had come before it unread, and how it ended. */
  async end(): Promise<{ ending: Ending; rest: Buffer }> {
    await this.#until(() => this.#ending !== undefined, true);
    return { ending: this.#ending as Ending, rest: this.#joined() };
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #until(condition: () => boolean, isEndWanted = false): Promise<void> {
    while (!condition()) {
      if (this.#ending !== undefined && !isEndWanted) throw new Error(`the socket ended (${this.#ending})`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  #takeFrame(): RawFrame | undefined {
    if (this.#size < this.#wanted) return undefined;
    const bytes = this.#joined();
    if (bytes.length < 2) return undefined;
    const first = bytes[0] as number;
    const second = bytes[1] as number;
    const short = second & 127;
    let at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (bytes.length < at) return undefined;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    const isMasked = (second & 128) !== 0;
    if (isMasked) at += 4;
    if (bytes.length < at + length) return this.#want(at + length);
    let payload: Buffer = Buffer.from(bytes.subarray(at, at + length));
    if (isMasked) payload = xor(payload, bytes.subarray(at - 4, at));
    this.#drop(at + length);
    return { opcode: first & 15, isFinal: (first & 128) !== 0, reserved: first & 0x70, isMasked, payload };
  }
}

/** A connection that the proxy made to a `RawOrigin`, with the request it sent. */
export class OriginSocket extends RawSocket {
  readonly request: string;

  constructor(raw: net.Socket, request: string) {
    super(raw, false);
    this.request = request;
  }

  /** Value of a field of the request, with its name in any case; undefined when it was not sent. */
  field(name: string): string | undefined {
    return fieldsOf(this.request, name)[0];
  }

  /** Answers 101, with more fields, and bytes in the same packet behind it. */
  accept(fields: readonly string[] = [], behind: Buffer = Buffer.alloc(0)): void {
    const key = this.field("sec-websocket-key") ?? "";
    const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    const head = [...lines, `Sec-WebSocket-Accept: ${digest}`, ...fields].join("\r\n");
    this.socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), behind]));
  }
}

/** All values of a field in a head, in order. */
export function fieldsOf(head: string, name: string): string[] {
  const found: string[] = [];
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (line.slice(0, colon).toLowerCase() === name.toLowerCase()) found.push(line.slice(colon + 1).trim());
  }
  return found;
}

/** An origin that does nothing by itself: each connection waits for the test to say what it answers. */
export class RawOrigin implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets: net.Socket[] = [];
  #waiting: OriginSocket[] = [];
  #takers: ((socket: OriginSocket) => void)[] = [];
  connections = 0;

  private constructor(server: net.Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.connections++;
      this.#sockets.push(socket);
      void this.#read(socket);
    });
  }

  static async start(path?: string): Promise<RawOrigin> {
    const server = net.createServer({ allowHalfOpen: true });
    const origin = new RawOrigin(server);
    await new Promise<void>((resolve) => {
      if (path === undefined) server.listen(0, "127.0.0.1", resolve);
      else server.listen(path, resolve);
    });
    return origin;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  /** The next connection whose request has come. */
  next(): Promise<OriginSocket> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  async #read(socket: net.Socket): Promise<void> {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => {});
    const head = await new Promise<string>((resolve) => {
      socket.on("data", function take(chunk: Buffer) {
        bytes = Buffer.concat([bytes, chunk]);
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", take);
        resolve(bytes.toString("latin1", 0, end));
      });
    });
    const ready = new OriginSocket(socket, head);
    const taker = this.#takers.shift();
    if (taker === undefined) this.#waiting.push(ready);
    else taker(ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Opens a TCP connection and sends a request of these lines; the answer is the caller's to read. */
export async function rawRequest(port: number, lines: readonly string[]): Promise<RawSocket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = new RawSocket(socket, true);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return client;
}

/** Sends a good handshake with more fields. */
export function rawClient(port: number, fields: readonly string[] = [], target = "/"): Promise<RawSocket> {
  const hasHost = fields.some((field) => field.toLowerCase().startsWith("host:"));
  return rawRequest(port, [
    `GET ${target} HTTP/1.1`,
    ...(hasHost ? [] : ["Host: proxy.test"]),
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...fields,
  ]);
}
