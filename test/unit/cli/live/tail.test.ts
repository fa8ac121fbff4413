import { describe, expect, test } from "bun:test";
import { painter } from "../../../../src/cli/live/paint.ts";
import { tailLine } from "../../../../src/cli/live/tail-line.ts";
import { exchange } from "../../../helpers/live.ts";

const plain = painter(false, {});

describe("a line of tail", () => {
  test("says what was asked for, by whom, of whom, and how it went", () => {
    expect(tailLine(exchange(), plain)).toMatch(
      /^\d\d:\d\d:\d\d\.123 200 +12\.3ms +1\.23kB GET a\.example\/x\?y 192\.0\.2\.7 -> 127\.0\.0\.1:3000 \[app\]$/,
    );
    const failed = exchange({
      status: 502,
      peer: undefined,
      route: undefined,
      retries: 2,
      error: "connection_refused",
    });
    expect(tailLine(failed, plain)).toEndWith("192.0.2.7 -> - 2 retries connection_refused");
  });

  test("is coloured by its status", () => {
    const line = (status: number) => tailLine(exchange({ status }), painter(true, {}));
    expect(line(200)).toContain("\u001b[32m200");
    expect(line(304)).toContain("\u001b[36m304");
    expect(line(404)).toContain("\u001b[33m404");
    expect(line(502)).toContain("\u001b[31m502");
  });

  test("lets nothing from outside act on the terminal, or begin a line", () => {
    const evil = "\u001b]0;x\u0007\r\n200 forged \u202e\u0085";
    const line = tailLine(
      exchange({ method: evil, host: evil, uri: evil, clientAddress: evil, peer: evil, route: evil, error: evil }),
      plain,
    );
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});
