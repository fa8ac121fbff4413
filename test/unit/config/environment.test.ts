import { describe, expect, test } from "bun:test";
import { parseArgv } from "../../../src/cli/argv.ts";
import { loadInvocation } from "../../../src/cli/run.ts";
import { parseLogVariable } from "../../../src/config/environment.ts";

describe("GATEKEEPER_LOG", () => {
  test.each([
    ["", undefined],
    ["info", "info"],
    ["DEBUG", "debug"],
    ["warn,gatekeeper=debug", "debug"],
    ["gatekeeper=debug,warn", "debug"],
    ["gatekeeper::proxy=trace", "trace"],
    ["gatekeeper", "trace"],
    ["hyper=debug", undefined],
    ["hyper=debug, error", "error"],
    ["off", "off"],
  ])("%j is %s", (text, level) => {
    expect(parseLogVariable(text)).toEqual({ ok: true, value: level as never });
  });

  const levelOf = async (variable: string | undefined, ...words: string[]): Promise<unknown> => {
    const both = ["--bind", ":8008", "--upstream", ":3000"];
    const { config, log, problems } = await loadInvocation(parseArgv([...both, ...words]), variable);
    return [config !== undefined, log.level, problems.map((each) => each.severity)];
  };

  test("comes after the flag and before the default", async () => {
    expect(await levelOf("debug")).toEqual([true, "debug", []]);
    expect(await levelOf("debug", "--log-level", "error")).toEqual([true, "error", []]);
    expect(await levelOf(undefined)).toEqual([true, "info", []]);
  });

  test("a bad value is a warning and the default holds", async () => {
    expect(await levelOf("loud")).toEqual([true, "info", ["warning"]]);
  });
});
