import { describe, expect, test } from "bun:test";
import { type CommandName, COMMANDS, takesFlag } from "../../../src/cli/commands.ts";
import { FLAGS } from "../../../src/cli/flags.ts";
import { helpText } from "../../../src/cli/help.ts";
import { parseArgv } from "../../../src/cli/argv.ts";
import { GROUPS } from "../../../src/config/settings/setting.ts";
import { SETTING_NAMES } from "../../../src/config/settings/table.ts";

/** The command line of the original gatekeeper, with every spelling it ever had. */
const ORIGINAL = [
  ["--bind", "--ba"],
  ["--upstream", "--pa", "--ua"],
  ["--cp"],
  ["--tls"],
  ["--sni"],
  ["--host", "--rh"],
  ["--hc-freq", "--hcf"],
  ["--cert", "--cfp"],
  ["--key", "--kfp"],
  ["--idle-timeout"],
  ["--enable-h2"],
  ["-c", "--conf"],
  ["-d", "--daemon"],
  ["-t", "--test"],
  ["-u", "--upgrade"],
  ["--nocapture"],
  ["-h", "--help"],
  ["-V", "--version"],
].flat();

const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
const help = helpText("run", 120);
const words = new Set(help.split(/[\s,[\]]+|\.\s/));

describe("--help", () => {
  test.each(ORIGINAL)("names %s", (spelling) => {
    expect(words).toContain(spelling);
  });

  test("names every flag there is, under its heading, with its doc", () => {
    const helps = Object.fromEntries(COMMAND_NAMES.map((name) => [name, helpText(name, 120)]));
    for (const flag of FLAGS) {
      const commands = COMMAND_NAMES.filter((name) => takesFlag(name, flag));
      expect(commands).not.toEqual([]);
      for (const command of commands) {
        const text = (helps[command] ?? "").replace(/\s+/g, " ");
        expect(text).toContain(`--${flag.name} `);
        expect(text).toContain(flag.doc);
      }
    }
    for (const group of GROUPS) expect(Object.values(helps).join("")).toContain(`\n${group}:\n`);
  });

  test("names every key of conf.yaml that is no flag's", () => {
    const names = new Set([...words, ...FLAGS.map((flag) => flag.name.replaceAll("-", "_"))]);
    for (const name of SETTING_NAMES) expect(names).toContain(name);
  });

  test("fits the terminal", () => {
    for (const columns of [80, 100, 120]) {
      const text = helpText("run", columns).split("Examples:")[0] ?? "";
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  test("every example is a command line that is right", () => {
    for (const command of COMMAND_NAMES) {
      const examples = helpText(command, 120).matchAll(/^ {2}gatekeeper (.*?)(?: [>|] .*)?$/gm);
      const all = [...examples].map(([, text = ""]) =>
        [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ""),
      );
      expect(all.length).toBeGreaterThan(0);
      for (const example of all) expect(parseArgv(example).problems).toEqual([]);
    }
  });

  test("of a command names only what the command takes", () => {
    const demo = helpText("demo", 120);
    expect(demo).toContain("--bind");
    expect(demo).not.toContain("--upstream");
  });
});
