import { describe, expect, test } from "bun:test";
import { type DnsQuestion, readAnswer, writeQuestion } from "../../../../../src/upstream/names/dns/message.ts";

const QUESTION: DnsQuestion = { id: 0x1234, name: "App.Test.", type: "A" };

function name(...labels: readonly string[]): readonly number[] {
  return [...labels.flatMap((label) => [label.length, ...Buffer.from(label)]), 0];
}

const ASKED = [...name("app", "test"), 0, 1, 0, 1];
/** Where the question's name stands. */
const POINTER = [0xc0, 12];

interface Parts {
  readonly id?: number;
  readonly flags?: number;
  readonly asked?: readonly number[];
  readonly count?: number;
}

function message(records: readonly (readonly number[])[], parts: Parts = {}): Buffer {
  const { id = QUESTION.id, flags = 0x8180, asked = ASKED, count = records.length } = parts;
  const header = Buffer.alloc(12);
  for (const [i, value] of [id, flags, 1, count].entries()) header.writeUInt16BE(value, 2 * i);
  return Buffer.concat([header, Buffer.from(asked), Buffer.from(records.flat())]);
}

function record(owner: readonly number[], type: number, ttl: number, data: readonly number[]): readonly number[] {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(type, 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt32BE(ttl, 4);
  fields.writeUInt16BE(data.length, 8);
  return [...owner, ...fields, ...data];
}

const ADDRESS = record(POINTER, 1, 60, [192, 0, 2, 1]);

test("a question has the name in labels, and asks for recursion", () => {
  expect(writeQuestion(QUESTION)?.toString("hex")).toBe("12340100000100000000000003417070045465737400" + "00010001");
});

test("a name that has no place in a message is not asked for", () => {
  for (const bad of ["a..test", "", `${"a".repeat(64)}.test`, Array(50).fill("abcdef").join(".")]) {
    expect(writeQuestion({ ...QUESTION, name: bad })).toBeUndefined();
  }
});

test("an answer has the addresses of the name, with their TTL", () => {
  expect(readAnswer(message([ADDRESS, record(name("other"), 1, 60, [192, 0, 2, 9])]), QUESTION)).toEqual({
    code: 0,
    isTruncated: false,
    records: [{ type: "address", address: "192.0.2.1", ttlMs: 60_000 }],
  });
  const aaaa = [...name("app", "test"), 0, 28, 0, 1];
  const data = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const answer = readAnswer(message([record(POINTER, 28, 1, data)], { asked: aaaa }), { ...QUESTION, type: "AAAA" });
  expect(answer?.records).toEqual([{ type: "address", address: "2001:db8::1", ttlMs: 1_000 }]);
});

test("an alias is followed, in whatever order it comes, and lends no longer life than its own", () => {
  const target = record(name("real", "test"), 1, 300, [192, 0, 2, 7]);
  const alias = record(POINTER, 5, 20, name("REAL", "test"));
  for (const records of [
    [alias, target],
    [target, alias],
  ]) {
    expect(readAnswer(message(records), QUESTION)?.records).toEqual([
      { type: "address", address: "192.0.2.7", ttlMs: 20_000 },
    ]);
  }
});

test("a service has its target by name, which may be in other places of the message", () => {
  const asked = [...name("app", "test"), 0, 33, 0, 1];
  const records = [
    record(POINTER, 33, 5, [0, 1, 0, 2, 0x1f, 0x90, 1, 97, 0xc0, 16]),
    record(POINTER, 33, 5, [0, 0, 0, 0, 0, 0, 0]),
  ];
  expect(readAnswer(message(records, { asked }), { ...QUESTION, type: "SRV" })?.records).toEqual([
    { type: "service", priority: 1, weight: 2, port: 8080, target: "a.test", ttlMs: 5_000 },
    { type: "service", priority: 0, weight: 0, port: 0, target: "", ttlMs: 5_000 },
  ]);
});

test("an answer that is cut off is only known to be that", () => {
  const cut = message([ADDRESS], { flags: 0x8380, count: 40 });
  expect(readAnswer(cut.subarray(0, cut.length - 3), QUESTION)).toEqual({ code: 0, isTruncated: true, records: [] });
});

test("a TTL of more than 31 bits is none", () => {
  const answer = readAnswer(message([record(POINTER, 1, 0xffff_ffff, [192, 0, 2, 1])]), QUESTION);
  expect(answer?.records[0]?.ttlMs).toBe(0);
});

describe("what answers another question, or nothing, is not taken", () => {
  test.each<[string, Buffer]>([
    ["another id", message([ADDRESS], { id: 1 })],
    ["a question", message([ADDRESS], { flags: 0x0100 })],
    ["another name", message([ADDRESS], { asked: [...name("bad", "test"), 0, 1, 0, 1] })],
    ["another type", message([ADDRESS], { asked: [...name("app", "test"), 0, 28, 0, 1] })],
    ["more records than there are", message([ADDRESS], { count: 2 })],
    ["an address of five bytes", message([record(POINTER, 1, 60, [192, 0, 2, 1, 1])])],
    ["data past the end", message([[...record(POINTER, 1, 60, [192, 0, 2, 1]).slice(0, -1)]])],
    ["a name that points at itself", message([record([0xc0, 26], 1, 60, [192, 0, 2, 1])])],
    ["nothing", Buffer.alloc(0)],
  ])("%s", (_, bytes) => {
    expect(readAnswer(bytes, QUESTION)).toBeUndefined();
  });
});

test("aliases in a ring come to an end, without an address", () => {
  const ring = [record(POINTER, 5, 20, name("b")), record(name("b"), 5, 20, name("app", "test"))];
  expect(readAnswer(message(ring), QUESTION)?.records).toEqual([]);
});

test("whatever comes is read without throwing", () => {
  const whole = message([record(POINTER, 5, 20, name("b")), record(name("b"), 1, 20, [192, 0, 2, 1])]);
  for (let length = 0; length <= whole.length; length++) readAnswer(whole.subarray(0, length), QUESTION);
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 0x3f, 0x80, 0xc0, 0xff]) {
      const other = Buffer.from(whole);
      other[at] = value;
      readAnswer(other, QUESTION);
    }
  }
});
