import type { Flag } from "./flags.ts";

/** One command of the command line. */
export interface Command {
  readonly doc: string;
  /** The flags it takes; undefined is all of them. */
  readonly flags: readonly string[] | undefined;
}

/** Every command. `run` is what happens without one. */
export const COMMANDS = {
  run: { doc: "Serve (this is what happens without a command)", flags: undefined },
  demo: {
    doc: "Serve an origin made for trying out, with gatekeeper before it",
    flags: ["bind", "log-level", "log-format", "help", "version"],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** True when the command has a use for the flag. */
export function takesFlag(command: CommandName, flag: Flag): boolean {
  const { flags }: Command = COMMANDS[command];
  return flags === undefined || flags.includes(flag.name);
}
