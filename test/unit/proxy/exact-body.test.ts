import { describe, expect, test } from "bun:test";
import { BodyReader, type BodyState, type Framing } from "../../../src/proxy/exact/body-reader.ts";

interface Outcome {
  readonly state: BodyState;
  readonly body: string;
  /** What was not read, since the body had ended before. */
  readonly rest: string;
}

function read(framing: Framing, pieces: readonly Buffer[]): Outcome {
  const reader = new BodyReader(framing);
  let body = "";
  let rest = "";
  for (const piece of pieces) {
    const used = reader.push(piece, { onPiece: (part) => (body += Buffer.from(part).toString("latin1")) });
    if (reader.state !== "broken") rest += piece.toString("latin1", used);
  }
  return { state: reader.state, body, rest };
}

/** The outcome, which is the same in one piece, cut at any byte, and byte by byte. */
function readAnyhow(framing: Framing, text: string): Outcome {
  const bytes = Buffer.from(text, "latin1");
  const whole = read(framing, [bytes]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(read(framing, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
  }
  expect(
    read(
      framing,
      [...bytes].map((byte) => Buffer.from([byte])),
    ),
  ).toEqual(whole);
  return whole;
}

const CHUNKED: Framing = { type: "chunked" };

describe("a chunked body", () => {
  test.each([
    ["0\r\n\r\n", ""],
    ["00000\r\n\r\n", ""],
    ["3\r\nabc\r\n0\r\n\r\n", "abc"],
    ["003\r\nabc\r\n0\r\n\r\n", "abc"],
    ["A\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
    ["a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", "0123456789x"],
    ["4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
    ["3;a=b\r\nabc\r\n0;c\r\n\r\n", "abc"],
    ['3 ; a="b c"\r\nabc\r\n0\r\n\r\n', "abc"],
    ["3  \r\nabc\r\n0 \r\n\r\n", "abc"],
    ["3\r\nabc\r\n0\r\nX-T: a\r\nX-U: b\r\n\r\n", "abc"],
    ["3\r\n\0\xff\x7f\r\n0\r\n\r\n", "\0\xff\x7f"],
  ])("%j is whole", (text, body) => {
    expect(readAnyhow(CHUNKED, text)).toEqual({ state: "whole", body, rest: "" });
    expect(readAnyhow(CHUNKED, `${text}HTTP/1.1`)).toEqual({ state: "whole", body, rest: "HTTP/1.1" });
  });

  test.each([
    ["", ""],
    ["3", ""],
    ["3\r", ""],
    ["3\r\nab", "ab"],
    ["3\r\nabc", "abc"],
    ["3\r\nabc\r", "abc"],
    ["3\r\nabc\r\n", "abc"],
    ["3\r\nabc\r\n0", "abc"],
    ["3\r\nabc\r\n0\r\n", "abc"],
    ["3\r\nabc\r\n0\r\n\r", "abc"],
    ["0\r\nX-T: a\r\n", ""],
  ])("%j is not all of it", (text, body) => {
    expect(readAnyhow(CHUNKED, text)).toEqual({ state: "open", body, rest: "" });
    const reader = new BodyReader(CHUNKED);
    reader.push(Buffer.from(text, "latin1"), { onPiece() {} });
    expect(reader.end(true)).toBe("broken");
  });

  test.each([
    "\r\n",
    "x\r\n",
    "-3\r\nabc",
    "+3\r\nabc",
    " 3\r\nabc",
    "0x3\r\nabc",
    "3\nabc\r\n0\r\n\r\n",
    "3\r\r\nabc",
    "3\rabc",
    "3 4\r\nabc",
    "3;a\nb\r\nabc",
    "3;a\0\r\nabc",
    "3\r\nabcd\r\n0\r\n\r\n",
    "3\r\nabc\n0\r\n\r\n",
    "3\r\nabc0\r\n\r\n",
    "3\r\nabc\r\n\r\n0\r\n\r\n",
    "3\r\nabc\r\n0\r\n\n",
    "3\r\nabc\r\n0\r\n X: folded\r\n\r\n",
    "3\r\nabc\r\n0\r\nX: a\nY: b\r\n\r\n",
    "3\r\nabc\r\n0\r\nX: \0\r\n\r\n",
    "10000000000000\r\na",
    "ffffffffffffffff\r\na",
    "00000000000003\r\nabc\r\n0\r\n\r\n",
  ])("%j is broken", (text) => {
    expect(readAnyhow(CHUNKED, text).state).toBe("broken");
  });

  test("has limits on what is around the data", () => {
    const long = "a".repeat(9000);
    expect(read(CHUNKED, [Buffer.from(`3;${long}\r\nabc\r\n`)]).state).toBe("broken");
    expect(read(CHUNKED, [Buffer.from(`3${" ".repeat(9000)}\r\nabc\r\n`)]).state).toBe("broken");
    expect(read(CHUNKED, [Buffer.from(`0\r\nX: ${long}\r\n\r\n`)]).state).toBe("whole");
    expect(read(CHUNKED, [Buffer.from(`0\r\n${`X: ${long}\r\n`.repeat(8)}\r\n`)]).state).toBe("broken");
    const many = Buffer.from(`${"1;abc\r\nx\r\n".repeat(10_000)}0\r\n\r\n`);
    expect(read(CHUNKED, [many]).body).toBe("x".repeat(10_000));
  });
});

describe("a body of known length", () => {
  test("ends where its length says", () => {
    const framing: Framing = { type: "length", length: 5 };
    expect(readAnyhow(framing, "hello")).toEqual({ state: "whole", body: "hello", rest: "" });
    expect(readAnyhow(framing, "hello, world")).toEqual({ state: "whole", body: "hello", rest: ", world" });
    expect(readAnyhow(framing, "hell")).toEqual({ state: "open", body: "hell", rest: "" });
    expect(readAnyhow({ type: "length", length: 0 }, "x")).toEqual({ state: "whole", body: "", rest: "x" });
  });

  test("is broken by the end of its connection", () => {
    const reader = new BodyReader({ type: "length", length: 5 });
    reader.push(Buffer.from("hell"), { onPiece() {} });
    expect(reader.end(true)).toBe("broken");
  });
});

test("a body that lasts as long as its connection is whole when that ends in order, and only then", () => {
  for (const [isClean, state] of [
    [true, "whole"],
    [false, "broken"],
  ] as const) {
    const reader = new BodyReader({ type: "until-close" });
    let body = "";
    expect(reader.push(Buffer.from("hello"), { onPiece: (part) => (body += Buffer.from(part).toString()) })).toBe(5);
    expect([body, reader.state]).toEqual(["hello", "open"]);
    expect(reader.end(isClean)).toBe(state);
  }
});
