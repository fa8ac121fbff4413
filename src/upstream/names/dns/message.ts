/** What may be asked for. The numbers are IANA's. */
export const RECORD_TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;

export type RecordType = keyof typeof RECORD_TYPES;

/** One record of an answer that is about the name that was asked for. */
export type DnsRecord =
  | { readonly type: "address"; readonly address: string; readonly ttlMs: number }
  | {
      readonly type: "service";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      /** Without a dot at its end; empty where there is no such service (RFC 2782). */
      readonly target: string;
      readonly ttlMs: number;
    };

export interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: RecordType;
}

export interface DnsAnswer {
  /** RCODE (RFC 1035 4.1.1): 0 is well, 3 there is no such name. */
  readonly code: number;
  /** There is more than went into a datagram. */
  readonly isTruncated: boolean;
  readonly records: readonly DnsRecord[];
}

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const CNAME = 5;
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 255;
/** QR; the lowest four bits are the RCODE. */
const IS_RESPONSE = 0x8000;
const IS_TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
/** Names that stand for one another: more are a loop, or none of our business. */
const MAX_ALIASES = 16;

/** A query (RFC 1035 4.1); undefined for a name that cannot be asked for. */
export function writeQuestion({ id, name, type }: DnsQuestion): Buffer | undefined {
  const labels = name
    .replace(/\.$/, "")
    .split(".")
    .map((label) => Buffer.from(label));
  if (labels.some(({ length }) => length === 0 || length > MAX_LABEL_BYTES)) return undefined;
  const encoded = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  if (encoded.length > MAX_NAME_BYTES) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const end = Buffer.alloc(4);
  end.writeUInt16BE(RECORD_TYPES[type], 0);
  end.writeUInt16BE(CLASS_IN, 2);
  return Buffer.concat([header, encoded, end]);
}

/** What answers this question; undefined for a message that does not, or that breaks off. */
export function readAnswer(message: Buffer, question: DnsQuestion): DnsAnswer | undefined {
  try {
    return new Reading(message).answer(question);
  } catch (error) {
    // What Buffer throws past its end, and `Reading` itself.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface RawRecord {
  readonly name: string;
  readonly type: number;
  readonly ttlMs: number;
  readonly dataAt: number;
  readonly dataEnd: number;
}

/** One message, read from its beginning to its end. */
class Reading {
  readonly #message: Buffer;
  #at = HEADER_BYTES;

  constructor(message: Buffer) {
    this.#message = message;
  }

  answer({ id, name, type }: DnsQuestion): DnsAnswer | undefined {
    const message = this.#message;
    const flags = message.readUInt16BE(2);
    if (message.readUInt16BE(0) !== id || (flags & IS_RESPONSE) === 0 || message.readUInt16BE(4) !== 1)
      return undefined;
    const asked = canonical(name);
    if (this.#name() !== asked || this.#number() !== RECORD_TYPES[type] || this.#number() !== CLASS_IN)
      return undefined;
    const count = message.readUInt16BE(6);
    const isTruncated = (flags & IS_TRUNCATED) !== 0;
    const code = flags & 0xf;
    // What is left of it may break off anywhere; all of it is asked for by TCP.
    if (isTruncated) return { code, isTruncated, records: [] };
    const all = Array.from({ length: count }, () => this.#record());
    return { code, isTruncated, records: this.#recordsOf(asked, RECORD_TYPES[type], all) };
  }

  /** Those of the name, or of what it is an alias of (RFC 1034 3.6.2); an alias lends them no longer life than its own. */
  #recordsOf(asked: string, type: number, all: readonly RawRecord[]): readonly DnsRecord[] {
    let name = asked;
    let aliasTtlMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= MAX_ALIASES; i++) {
      const own = all.filter((record) => record.name === name && record.type === type);
      if (own.length > 0) return own.map((record) => this.#dataOf(record, Math.min(record.ttlMs, aliasTtlMs)));
      const alias = all.find((record) => record.name === name && record.type === CNAME);
      if (alias === undefined) return [];
      this.#at = alias.dataAt;
      name = this.#name();
      aliasTtlMs = Math.min(aliasTtlMs, alias.ttlMs);
    }
    return [];
  }

  #dataOf({ type, dataAt, dataEnd }: RawRecord, ttlMs: number): DnsRecord {
    this.#at = dataAt;
    const data = this.#message.subarray(dataAt, dataEnd);
    if (type === RECORD_TYPES.SRV) {
      const [priority, weight, port] = [this.#number(), this.#number(), this.#number()];
      return { type: "service", priority, weight, port, target: this.#name(), ttlMs };
    }
    if (data.length !== (type === RECORD_TYPES.A ? 4 : 16)) throw new RangeError("no address");
    return { type: "address", address: type === RECORD_TYPES.A ? data.join(".") : ipv6Text(data), ttlMs };
  }

  #record(): RawRecord {
    const name = this.#name();
    const type = this.#number();
    const recordClass = this.#number();
    const seconds = this.#message.readUInt32BE(this.#at);
    this.#at += 4;
    const length = this.#number();
    const dataAt = this.#at;
    const dataEnd = dataAt + length;
    if (dataEnd > this.#message.length) throw new RangeError("the record breaks off");
    this.#at = dataEnd;
    // A TTL with its highest bit set is none (RFC 2181 8).
    const ttlMs = seconds > 0x7fff_ffff ? 0 : seconds * 1000;
    return { name, type: recordClass === CLASS_IN ? type : 0, ttlMs, dataAt, dataEnd };
  }

  /** In small letters, without the dot at its end; goes on behind it. */
  #name(): string {
    const labels: string[] = [];
    let at = this.#at;
    let end: number | undefined;
    let bytes = 0;
    for (let length = this.#message.readUInt8(at); length > 0; length = this.#message.readUInt8(at)) {
      if (length >= 0xc0) {
        const target = this.#message.readUInt16BE(at) & 0x3fff;
        // Only backwards (RFC 1035 4.1.4), so that it comes to an end.
        if (target >= at) throw new RangeError("a name that points forward");
        end ??= at + 2;
        at = target;
        continue;
      }
      bytes += length + 1;
      if (length > MAX_LABEL_BYTES || bytes > MAX_NAME_BYTES) throw new RangeError("no name");
      if (at + 1 + length > this.#message.length) throw new RangeError("the name breaks off");
      labels.push(this.#message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    this.#at = end ?? at + 1;
    return labels.join(".").toLowerCase();
  }

  #number(): number {
    const value = this.#message.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }
}

function canonical(name: string): string {
  return name.replace(/\.$/, "").toLowerCase();
}

/** As everybody writes it (RFC 5952). */
function ipv6Text(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => data.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
