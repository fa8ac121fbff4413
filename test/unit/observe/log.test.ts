import { describe, expect, test } from "bun:test";

/** What a log writes to standard error, in a process of its own. */
async function written(isTerminal: boolean, level = "info"): Promise<string[]> {
  const script = `
    import { createLog } from "${import.meta.dir}/../../../src/observe/log.ts";
    const log = createLog({ level: ${JSON.stringify(level)}, isTerminal: ${isTerminal} });
    log.debug("unseen");
    for (let i = 0; i < 20; i++) log.info("the same");
    log.warn("odd\\u001b[2J\\nforged", { path: "/a\\r\\nb", status: 502, none: undefined });
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stderr: "pipe", stdout: "pipe" });
  const text = await child.stderr.text();
  expect(await child.stdout.text()).toBe("");
  return text.trimEnd().split("\n");
}

describe("the log", () => {
  test("writes one JSON object a line, and loses none that repeats", async () => {
    const lines = (await written(false)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatchObject({ level: "info", message: "the same" });
    expect(lines[20]).toMatchObject({ level: "warn", path: "/a\r\nb", status: 502 });
    expect(new Date(String(lines[20]?.["time"])).getTime()).toBeGreaterThan(0);
  });

  test("writes a line for people, in which nothing of a request can forge another or reach the terminal", async () => {
    const lines = await written(true);
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ INFO {2}the same$/);
    expect(lines[20]).toEndWith("WARN  odd\\x1b[2J\\x0aforged path=/a\\x0d\\x0ab status=502");
  });

  test("writes only what its level asks for", async () => {
    expect(await written(false, "warn")).toHaveLength(1);
    expect(await written(false, "off")).toEqual([""]);
    expect((await written(false, "debug"))[0]).toContain("unseen");
  });
});
