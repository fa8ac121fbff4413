import dgram from "node:dgram";
import net from "node:net";

/** An answer's records of one name, by their type. */
export interface Records {
  readonly a?: readonly string[];
  /** With all their eight groups. */
  readonly aaaa?: readonly string[];
  /** What it is an alias of; what that has is in the answer, too. */
  readonly cname?: string;
  readonly srv?: readonly {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }[];
}

const TYPE = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;
/** RFC 1035 4.1.1. */
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const TRUNCATED = 0x0200;
/** RFC 1035 4.2.1. */
const MAX_DATAGRAM_BYTES = 512;

/** A DNS server on loopback, over UDP and TCP (RFC 1035, RFC 2782), that answers what a test says at the moment. */
export class DnsServer implements AsyncDisposable {
  /** By name in small letters. */
  readonly records = new Map<string, Records>();
  ttlSeconds = 1;
  /** `fails`: SERVFAIL. `silent`: no answer. */
  mood: "well" | "fails" | "silent" = "well";
  /** Questions that get SERVFAIL, `AAAA app.test`. */
  readonly failing = new Set<string>();
  /** Questions so far, `A app.test`; those over TCP `tcp A app.test`. */
  readonly questions: string[] = [];
  readonly #socket = dgram.createSocket("udp4");
  readonly #server: net.Server;

  private constructor(server: net.Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#serve(socket));
    this.#socket.on("message", (message, { port, address }) => {
      const answer = this.#answer(message, "");
      if (answer === undefined) return;
      if (answer.length > MAX_DATAGRAM_BYTES) answer.writeUInt16BE(answer.readUInt16BE(2) | TRUNCATED, 2);
      this.#socket.send(answer.subarray(0, MAX_DATAGRAM_BYTES), port, address);
    });
  }

  static async start(records: Readonly<Record<string, Records>> = {}): Promise<DnsServer> {
    const listening = net.createServer();
    const { promise: open, resolve: opened } = Promise.withResolvers<void>();
    listening.listen(0, "127.0.0.1", opened);
    await open;
    const server = new DnsServer(listening);
    for (const [name, each] of Object.entries(records)) server.records.set(name, each);
    const { promise: bound, resolve, reject } = Promise.withResolvers<void>();
    server.#socket.once("error", reject);
    server.#socket.bind(server.port, "127.0.0.1", resolve);
    await bound;
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** As `resolvers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How often something was asked for. */
  asked(question: string): number {
    return this.questions.filter((each) => each === question).length;
  }

  #serve(socket: net.Socket): void {
    let got = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      got = Buffer.concat([got, data]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      const answer = this.#answer(got.subarray(2), "tcp ");
      if (answer === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // In two pieces, as it may come.
      socket.write(length);
      socket.end(answer);
    });
  }

  #answer(message: Buffer, how: string): Buffer | undefined {
    const { name, type, end } = questionOf(message);
    const kind = Object.entries(TYPE).find(([, number]) => number === type)?.[0] ?? String(type);
    this.questions.push(`${how}${kind} ${name}`);
    if (this.mood === "silent") return undefined;
    const isFailing = this.mood === "fails" || this.failing.has(`${kind} ${name}`);
    const known = this.records.get(name);
    const code = isFailing ? SERVER_FAILURE : known === undefined ? NAME_ERROR : 0;
    const records = isFailing || known === undefined ? [] : this.#recordsOf(name, known, type);
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, message.subarray(12, end), ...records]);
  }

  #recordsOf(name: string, records: Records, type: number): readonly Buffer[] {
    const { cname } = records;
    if (cname === undefined) return dataOf(records, type).map((data) => this.#record(nameOf(name), type, data));
    const alias = this.records.get(cname) ?? {};
    return [this.#record(nameOf(name), TYPE.CNAME, nameOf(cname)), ...this.#recordsOf(cname, alias, type)];
  }

  #record(name: Buffer, type: number, data: Buffer): Buffer {
    const head = Buffer.alloc(10);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(1, 2);
    head.writeUInt32BE(this.ttlSeconds, 4);
    head.writeUInt16BE(data.length, 8);
    return Buffer.concat([name, head, data]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close();
    this.#socket.close(() => resolve());
    await promise;
  }
}

function questionOf(message: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function nameOf(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".");
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]), Buffer.of(0)]);
}

function dataOf(records: Records, type: number): readonly Buffer[] {
  if (type === TYPE.A) return (records.a ?? []).map((address) => Buffer.from(address.split(".").map(Number)));
  if (type === TYPE.AAAA) {
    return (records.aaaa ?? []).map((address) =>
      Buffer.from(
        address
          .split(":")
          .map((group) => group.padStart(4, "0"))
          .join(""),
        "hex",
      ),
    );
  }
  if (type !== TYPE.SRV) return [];
  return (records.srv ?? []).map(({ priority, weight, port, target }) => {
    const numbers = Buffer.alloc(6);
    for (const [i, value] of [priority, weight, port].entries()) numbers.writeUInt16BE(value, 2 * i);
    return Buffer.concat([numbers, nameOf(target)]);
  });
}
