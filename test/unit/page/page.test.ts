import { describe, expect, test } from "bun:test";
import { contentSecurityPolicy, pageAnswer } from "../../../src/page/page.ts";

const MOST_BYTES = 60_000;

describe("the page", () => {
  test("is one file that asks for nothing outside of itself", async () => {
    const answer = await pageAnswer();
    expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    const html = await answer.text();
    expect(html).toStartWith("<!doctype html>");
    expect(html).toContain("<style>");
    expect([...html.matchAll(/\b(?:src|href)\s*=\s*"(?!data:|#)[^"]*"/g)]).toEqual([]);
    expect(html).not.toMatch(/@import|url\((?!["']?(?:data:|#))/);
    expect(Buffer.byteLength(html)).toBeLessThan(MOST_BYTES);
  });

  test("allows its own script and style by their hashes, and no other", async () => {
    const policy = (await pageAnswer()).headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}=';/);
    expect(policy).toStartWith("default-src 'none'; ");
    expect(policy).not.toContain("unsafe");
  });

  test("hashes what stands between the tags", () => {
    // openssl dgst -sha256 -binary | base64, of `alert('Hello, world.');` (the example of CSP Level 2).
    const policy = contentSecurityPolicy("<p></p><script type=module>alert('Hello, world.');</script>");
    expect(policy).toContain("script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; style-src 'none'");
  });
});
