import { hasErrors, type Problem } from "../config/problem.ts";
import { parseArgv, type Invocation } from "./argv.ts";
import { EXIT_REFUSED } from "./exit.ts";
import { print } from "./output.ts";
import { renderProblems, summary } from "./report.ts";
import type { Handlers } from "./tree.ts";

/** Runs the command line (the words after the program's name) and gives the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const invocation = parseArgv(words);
  // Who asks for help gets it, whatever else is wrong.
  if (invocation.actions.has("help")) {
    const { helpText } = await import("./help.ts");
    return show(helpText(invocation.command ?? "run", Math.min(process.stdout.columns ?? 120, 120)));
  }
  if (invocation.actions.has("version")) {
    const { versionText } = await import("./version.ts");
    return show(`${versionText()}\n`);
  }
  const { command } = invocation;
  const readsFiles = command === undefined || command === "run" || command === "validate";
  if (!readsFiles && hasErrors(invocation.problems)) return refuse(invocation.problems);
  return await dispatch(invocation);
}

const HANDLERS: Handlers = {
  run: async (invocation) => await (await import("./run.ts")).run(invocation),
  validate: async (invocation) => await (await import("./validate-command.ts")).validate(invocation),
  adapt: async (invocation) => await (await import("./adapt-command.ts")).adapt(invocation),
  explain: async (invocation) => await (await import("./explain-command.ts")).explainCommand(invocation),
  reload: async (invocation) => await (await import("./reload-command.ts")).reload(invocation),
  stop: async (invocation) => await (await import("./stop-command.ts")).stop(invocation),
  status: async (invocation) => await (await import("./status-command.ts")).status(invocation),
  maintenance: async (invocation) => await (await import("./maintenance-command.ts")).maintenance(invocation),
  drain: async (invocation) => await (await import("./drain-command.ts")).drain(invocation, true),
  undrain: async (invocation) => await (await import("./drain-command.ts")).drain(invocation, false),
  top: async (invocation) => await (await import("./top-command.ts")).top(invocation),
  tail: async (invocation) => await (await import("./tail-command.ts")).tail(invocation),
  service: async (invocation) => await (await import("./service-command.ts")).service(invocation),
  profile: async (invocation) => await (await import("./profile-command.ts")).profile(invocation),
  schema: async (invocation) => await (await import("./schema-command.ts")).schema(invocation),
  docs: async (invocation) => await (await import("./schema-command.ts")).docs(invocation),
  demo: async (invocation) => await (await import("./demo-command.ts")).demo(invocation),
};

async function dispatch(invocation: Invocation): Promise<number> {
  const command = invocation.command ?? "run";
  // `run` looks at its files even when a flag is wrong, so that everything is said at once.
  if (hasErrors(invocation.problems)) return await HANDLERS[command](invocation);
  const [{ runCommand }, { commandTree }] = await Promise.all([import("citty"), import("./tree.ts")]);
  let exitCode = 0;
  const tree = commandTree(invocation, HANDLERS, (code) => (exitCode = code));
  await runCommand(tree, { rawArgs: [command] });
  return exitCode;
}

function show(text: string): number {
  print(text);
  return 0;
}

/** Says on standard error what is wrong, for a person or for a log, and gives the exit code. */
export function refuse(problems: readonly Problem[]): number {
  report(problems);
  process.stderr.write(summary(problems));
  return EXIT_REFUSED;
}

/** Writes problems to standard error. */
export function report(problems: readonly Problem[]): void {
  const pretty = process.stderr.isTTY === true;
  const colour = pretty && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";
  process.stderr.write(renderProblems(problems, { pretty, colour }));
}
