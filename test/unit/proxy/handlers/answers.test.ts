import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { ErrorHandler } from "../../../../src/proxy/handlers/error.ts";
import { FailureAnswer } from "../../../../src/proxy/handlers/failure-answer.ts";
import { MaxBody } from "../../../../src/proxy/handlers/max-body.ts";
import { Redirect } from "../../../../src/proxy/handlers/redirect.ts";
import { Respond } from "../../../../src/proxy/handlers/respond.ts";
import { sessionFor } from "./request.ts";

const FIELDS = { "X-S": "203", "X-Empty": "" };

describe("respond", () => {
  const respond = (body: string, status = "200", target = "/", close = false): Response =>
    new Respond({ type: "respond", status, body, close }).handle(sessionFor(target, { headers: FIELDS }));

  test.each([
    ["hi", "text/plain; charset=utf-8"],
    ["<html>x", "text/plain; charset=utf-8"],
    ['{"a":1}', "application/json"],
    ["  [1,2]", "application/json"],
    ["[1,", "text/plain; charset=utf-8"],
    ["1", "text/plain; charset=utf-8"],
    ["é {path}", "text/plain; charset=utf-8"],
  ])("%p goes as %s", async (body, type) => {
    const answer = respond(body, "200", "/%C3%A4");
    expect(answer.headers.get("content-type")).toBe(type);
    const text = await answer.text();
    expect(text).toBe(body.replace("{path}", "/ä"));
    expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
  });

  test.each([
    ["", "404"],
    ["{header.X-Empty}", "200"],
    ["", "204"],
    ["a", "304"],
  ])("%p with %s has no body and no type", async (body, status) => {
    const answer = respond(body, status);
    expect(answer.status).toBe(Number(status));
    expect(answer.body).toBeNull();
    expect([...answer.headers]).toEqual([]);
  });

  test("the status may be a placeholder, and one that is none fails", () => {
    expect(respond("a", "{header.X-S}").status).toBe(203);
    expect(respond("a", "").status).toBe(200);
    for (const status of ["{header.no}x", "99", "101", "600", "2000"]) {
      const answer = respond("a", status);
      expect(answer).toBeInstanceOf(FailureAnswer);
      expect(answer.status).toBe(500);
    }
  });

  test("can close the connection", () => {
    expect(respond("a", "200", "/", true).headers.get("connection")).toBe("close");
  });
});

describe("redirect", () => {
  const redirect = (to: string, target: string, status = "302"): Response =>
    new Redirect({ type: "redirect", to, status }).handle(sessionFor(target, { headers: FIELDS }));

  test.each([
    ["/new", "/a", "/new"],
    ["https://{host}{uri}", "/a%2Fb//?q=%20&1", "https://www.a.example/a%2Fb//?q=%20&1"],
    ["//b.example/", "/", "//b.example/"],
    // Caddy sends the browser to the host evil.example for this.
    ["{uri}", "//evil.example/%2e", "/evil.example/"],
    ["{path}", "/%5Cevil.example", "/evil.example"],
    ["/a?{query.q}", "/?q=%0d%0aX: y", "/a?  X: y"],
  ])("to %p for %s goes to %s", (to, target, location) => {
    const answer = redirect(to, target);
    expect(answer.status).toBe(302);
    expect([...answer.headers]).toEqual([["location", location]]);
    expect(answer.body).toBeNull();
  });

  test("the status may be a placeholder; one that is none fails with its Location", () => {
    expect(redirect("/x", "/", "{header.X-S}").status).toBe(203);
    const failed = redirect("/x", "/", "{header.X-Empty}");
    expect(failed).toBeInstanceOf(FailureAnswer);
    expect([failed.status, failed.headers.get("location")]).toEqual([500, "/x"]);
  });
});

describe("error", () => {
  test("answers with the status alone and keeps the message for the log", () => {
    const answer = new ErrorHandler({ type: "error", status: "410", message: "no {path}" }).handle(sessionFor("/x"));
    expect(answer).toBeInstanceOf(FailureAnswer);
    expect(answer).toMatchObject({ status: 410, body: null, detail: "no /x" });
    expect([...answer.headers]).toEqual([]);
    expect(new ErrorHandler({ type: "error", status: "{header.no}", message: "" }).handle(sessionFor("/")).status).toBe(
      500,
    );
  });

  test("goes through Bun.serve as any answer does", async () => {
    await using server = Bun.serve({ port: 0, fetch: () => new FailureAnswer(503, "why") });
    const answer = await fetch(server.url);
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([503, "0", ""]);
  });
});

describe("max_request_body", () => {
  const limited = (length: string | undefined, bytes: number): ProxyError | undefined => {
    const headers = length === undefined ? {} : { "Content-Length": length };
    const session = sessionFor("/", { method: "POST", headers });
    const outcome = new MaxBody(bytes).handle(session);
    expect(session.maxRequestBodyBytes).toBe(bytes);
    return outcome;
  };

  test("refuses a body that says that it is longer, and leaves the others to be counted", () => {
    expect(limited("10", 10)).toBeUndefined();
    expect(limited("11", 10)).toMatchObject({ kind: "payload_too_large", status: 413 });
    expect(limited(undefined, 10)).toBeUndefined();
    expect(limited("11", 0)).toBeUndefined();
  });
});
