import { defineCommand, type ArgsDef, type CommandDef } from "citty";
import type { Invocation } from "./argv.ts";
import { COMMANDS, takesFlag, type CommandName } from "./commands.ts";
import { FLAGS } from "./flags.ts";

/** What each command does with a checked command line. Gives the exit code. */
export type Handlers = Readonly<Record<CommandName, (invocation: Invocation) => Promise<number>>>;

/**
 * citty's command tree, made from the tables of commands and flags. It is run with a command line that
 * `parseArgv` has found right: citty 0.2.2 by itself takes unknown flags silently, gives `""` for a missing
 * value and returns nothing from a sub-command, so values and exit code go past it in the closure.
 */
export function commandTree(invocation: Invocation, handlers: Handlers, done: (code: number) => void): CommandDef {
  const subCommands: Record<string, CommandDef> = {};
  for (const [name, { doc }] of Object.entries(COMMANDS)) {
    const command = name as CommandName;
    subCommands[name] = defineCommand({
      meta: { name, description: doc },
      args: argsOf(command),
      run: async () => done(await handlers[command](invocation)),
    }) as CommandDef;
  }
  return defineCommand({
    meta: { name: "gatekeeper", description: "HTTP and WebSocket reverse proxy" },
    args: argsOf("run"),
    default: "run",
    subCommands,
  }) as CommandDef;
}

function argsOf(command: CommandName): ArgsDef {
  const args: ArgsDef = {};
  for (const flag of FLAGS) {
    if (!takesFlag(command, flag)) continue;
    const alias = [...(flag.short === undefined ? [] : [flag.short]), ...flag.older];
    const type = flag.valueName === "" ? "boolean" : "string";
    args[flag.name] = { type, alias, description: flag.doc };
  }
  return args;
}
