import dgram from "node:dgram";

/** An answer's records of one name, by their type. */
export interface Records {
  readonly a?: readonly string[];
  readonly srv?: readonly {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }[];
}

const TYPE = { A: 1, AAAA: 28, SRV: 33 } as const;
/** RFC 1035 4.1.1. */
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;

/** A DNS server on loopback, over UDP (RFC 1035, RFC 2782), that answers what a test says at the moment. */
export class DnsServer implements AsyncDisposable {
  /** By name in small letters. */
  readonly records = new Map<string, Records>();
  ttlSeconds = 1;
  /** `fails`: SERVFAIL. `silent`: no answer. */
  mood: "well" | "fails" | "silent" = "well";
  /** Questions so far, `A app.test`. */
  readonly questions: string[] = [];
  readonly #socket = dgram.createSocket("udp4");

  private constructor() {
    this.#socket.on("message", (message, { port, address }) => {
      const answer = this.#answer(message);
      if (answer !== undefined) this.#socket.send(answer, port, address);
    });
  }

  static async start(records: Readonly<Record<string, Records>> = {}): Promise<DnsServer> {
    const server = new DnsServer();
    for (const [name, each] of Object.entries(records)) server.records.set(name, each);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.#socket.bind(0, "127.0.0.1", resolve);
    await promise;
    return server;
  }

  /** As `resolvers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(message: Buffer): Buffer | undefined {
    const { name, type, end } = questionOf(message);
    const kind = Object.entries(TYPE).find(([, number]) => number === type)?.[0] ?? String(type);
    this.questions.push(`${kind} ${name}`);
    if (this.mood === "silent") return undefined;
    const known = this.records.get(name);
    const data = this.mood === "fails" ? [] : dataOf(known, type);
    const code = this.mood === "fails" ? SERVER_FAILURE : known === undefined ? NAME_ERROR : 0;
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(data.length, 6);
    return Buffer.concat([header, message.subarray(12, end), ...data.map((each) => this.#record(type, each))]);
  }

  #record(type: number, data: Buffer): Buffer {
    const head = Buffer.alloc(12);
    // The name is that of the question.
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(this.ttlSeconds, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
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

function dataOf(records: Records | undefined, type: number): readonly Buffer[] {
  if (type === TYPE.A) return (records?.a ?? []).map((address) => Buffer.from(address.split(".").map(Number)));
  if (type !== TYPE.SRV) return [];
  return (records?.srv ?? []).map(({ priority, weight, port, target }) => {
    const numbers = Buffer.alloc(6);
    for (const [i, value] of [priority, weight, port].entries()) numbers.writeUInt16BE(value, 2 * i);
    const labels = target.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
    return Buffer.concat([numbers, ...labels, Buffer.from([0])]);
  });
}
