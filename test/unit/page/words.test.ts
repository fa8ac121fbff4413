import { describe, expect, test } from "bun:test";
import { ERROR_KINDS } from "../../../src/core/errors.ts";
import { reasonOf } from "../../../src/observe/reasons.ts";
import { whyOf } from "../../../src/page/browser/why.ts";
import { outcomeOf } from "../../../src/page/browser/outcome.ts";
import { plotSentence } from "../../../src/page/browser/sentences.ts";
import { inCalmOrder } from "../../../src/page/browser/calm-order.ts";

describe("reasons", () => {
  test.each(ERROR_KINDS)("%s is a sentence", (kind) => {
    const { sentence, detail } = reasonOf(`${kind}: what: happened`);
    expect(sentence).toMatch(/^\S.* .*\.$/);
    expect(sentence).not.toContain(kind);
    expect(detail).toBe("what: happened");
    expect(reasonOf(kind)).toEqual({ sentence, detail: undefined });
  });

  test("other words stand for themselves", () => {
    for (const text of ["", "constructor: x", "an answer of a rule", "toString"]) {
      expect(reasonOf(text)).toEqual({ sentence: text, detail: undefined });
    }
  });

  test("an upstream's own failure is its status", () => {
    expect(whyOf({ error: undefined, status: 500 })).toEqual(["The upstream answered 500.", undefined]);
    expect(whyOf({ error: "queue_full", status: 503 })[0]).toStartWith("The upstreams are busy");
  });
});

describe("what came of an action", () => {
  const done = "It is done.";

  test("is what was asked for where the listener has nothing to say", () => {
    expect(outcomeOf({ status: 200, body: {}, done })).toEqual({ isDone: true, text: done });
    expect(outcomeOf({ status: 200, body: undefined, done })).toEqual({ isDone: true, text: done });
  });

  test("is the reason and the help of a refusal, whatever its status", () => {
    const body = { type: "refused", reason: "there is no route called x", help: 'did you mean "y"?' };
    const text = 'Not done: there is no route called x; did you mean "y"?';
    expect(outcomeOf({ status: 409, body, done })).toEqual({ isDone: false, text });
    expect(outcomeOf({ status: 200, body, done })).toEqual({ isDone: false, text });
    expect(outcomeOf({ status: 400, body: { error: "it is wrong" }, done }).text).toBe("Not done: it is wrong.");
    expect(outcomeOf({ status: 502, body: "bad", done }).text).toBe("Not done: it was answered 502.");
  });

  test("is the summary of a reload, and where its problems are", () => {
    const problem = (line: number) => ({
      message: `wrong ${line}`,
      place: { type: "file", file: "g.yaml", at: { line } },
    });
    const elsewhere = { message: "odd", place: { type: "flag", name: "--bind" } };
    const body = { summary: "the configuration has errors", problems: [problem(3), elsewhere, problem(5), problem(7)] };
    expect(outcomeOf({ status: 409, body, done }).text).toBe(
      "Not done: the configuration has errors; g.yaml:3: wrong 3; odd; and 2 more.",
    );
    expect(outcomeOf({ status: 200, body: { summary: "nothing changed", problems: [elsewhere] }, done }).text).toBe(
      "It is done. Nothing changed. To be seen to: odd.",
    );
  });

  test("says which routes are left without an upstream", () => {
    const { text } = outcomeOf({ status: 200, body: { type: "peers", stranded: ["api", "app"] }, done });
    expect(text).toBe("It is done. Answered 503, since no upstream is left: api, app.");
  });
});

test("a plot is a sentence, too", () => {
  const at = new Date(2026, 10, 25, 22, 3).getTime();
  const values = [1, null, 5].map((value, i) => ({ at: at + i, value }));
  expect(plotSentence(values, (value) => `${value}/s`)).toBe("Mean 3/s, most 5/s at 22:03.");
  expect(plotSentence([], String)).toBe("Nothing in the last 15 minutes.");
  expect(plotSentence([{ at, value: 0 }], String)).toBe("None in the last 15 minutes.");
});

test("WebSockets that are about as busy keep their places", () => {
  const socket = (id: string, messagesPerSecond: number, openedAt: number) => ({
    id,
    messagesPerSecond,
    openedAt,
    clientAddress: "",
    host: "",
    path: "",
    peer: "",
    messagesReceived: 0,
    messagesSent: 0,
  });
  const order = (a: number, b: number): string =>
    inCalmOrder([socket("a", a, 1), socket("b", b, 2), socket("c", 900, 3)])
      .map(({ id }) => id)
      .join("");
  expect(order(40, 41)).toBe("cab");
  expect(order(41, 40)).toBe("cab");
  expect(order(2, 40)).toBe("cba");
});
