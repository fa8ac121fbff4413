import { describe, expect, test } from "bun:test";
import { runCommand } from "citty";
import { parseArgv } from "../../../src/cli/argv.ts";
import { type Command, COMMANDS, type CommandName } from "../../../src/cli/commands.ts";
import { commandTree, type Handlers } from "../../../src/cli/tree.ts";

const placesOf = (...words: string[]): unknown[] =>
  parseArgv(words).problems.map(({ place }) => (place.type === "flag" ? place.name : place.type));

describe("parseArgv", () => {
  test("finds every problem, in order", () => {
    expect(placesOf("--frob", "x", "--bind", "y", "stray", "-Z", "--cp")).toEqual([
      "--frob",
      "--bind",
      "command_line",
      "-Z",
      "--cp",
    ]);
  });

  test("an unknown flag takes its value with it, and a switch does not", () => {
    expect(placesOf("--upstraem", "a:1")).toEqual(["--upstraem"]);
    expect(placesOf("--inscure", "demo")).toEqual(["--inscure"]);
    expect(parseArgv(["--inscure", "demo"]).command).toBe("demo");
  });

  test("every command takes the flags that it names", () => {
    for (const [name, { flags = [] }] of Object.entries<Command>(COMMANDS)) {
      for (const flag of flags) {
        const { problems } = parseArgv([name, `--${flag}`, "1"]);
        expect([name, flag, problems.map(({ message }) => message)]).not.toContainEqual(
          expect.arrayContaining(["this flag is not known"]),
        );
      }
    }
    expect(parseArgv(["profile", "--pid", "1"]).problems).toEqual([]);
    expect(placesOf("demo", "--pid", "1")).toEqual(["--pid"]);
  });

  test("a command may stand after its flags", () => {
    expect(parseArgv(["--bind", ":8008", "demo"]).command).toBe("demo");
    expect(parseArgv(["run", "--bind", ":8008"]).command).toBe("run");
    expect(parseArgv([]).command).toBeUndefined();
  });

  test("a flag's value may hold =", () => {
    expect(parseArgv(["--cp=/a=b"]).settings.one("cp")?.value).toEqual({ type: "segments", path: "/a=b" });
  });

  test.each(["toString", "constructor", "__proto__", "hasOwnProperty"])("%s is no flag and no command", (word) => {
    expect(placesOf(`--${word}`)).toEqual([`--${word}`]);
    expect(placesOf(word)).toEqual(["command_line"]);
  });

  test("a word of a megabyte is answered at once", () => {
    const word = "x".repeat(1_000_000);
    expect(placesOf(`--${word}`, word, "--bind", word)).toHaveLength(2);
  });
});

describe("commandTree", () => {
  test.each(Object.keys(COMMANDS) as CommandName[])(
    "citty takes %s to its handler, and the exit code out",
    async (name) => {
      const called: CommandName[] = [];
      const handlers = Object.fromEntries(
        Object.keys(COMMANDS).map((command) => [command, async () => called.push(command as CommandName) + 40]),
      ) as unknown as Handlers;
      let exitCode = 0;
      await runCommand(
        commandTree(parseArgv([name]), handlers, (code) => (exitCode = code)),
        { rawArgs: [name] },
      );
      expect(called).toEqual([name]);
      expect(exitCode).toBe(41);
    },
  );
});
