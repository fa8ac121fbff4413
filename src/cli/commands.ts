import type { Flag } from "./flags.ts";

/** One command of the command line. */
export interface Command {
  readonly doc: string;
  /** The words that follow it, as the help names them; one in brackets may be left out. */
  readonly words: readonly string[];
  /** The flags it takes; undefined is all of serving. */
  readonly flags: readonly string[] | undefined;
  /** Those that it takes beside all that serving takes, where it takes all. */
  readonly more?: readonly string[];
}

/** Say which of several running processes is meant. */
const WHICH = ["pid", "pid-file", "conf", "adapter"] as const;
const HELP_ONLY = ["help", "version"] as const;

/** Every command. `run` is what happens without one. */
export const COMMANDS = {
  run: { doc: "Serve (this is what happens without a command)", words: [], flags: undefined },
  validate: {
    doc: "Do everything but listen, and say whether it would start",
    words: ["[FILE]"],
    flags: ["conf", "adapter", "help", "version"],
  },
  adapt: {
    doc: "Print the YAML that a Caddyfile means",
    words: ["[FILE]"],
    flags: ["conf", "adapter", "pretty", "validate", "help", "version"],
  },
  explain: {
    doc: "Say which route would take a request, and what would become of it",
    words: ["FILE", "URL"],
    flags: ["adapter", "method", "header", "from", "help", "version"],
  },
  reload: {
    doc: "Have the running process take up its changed configuration (exit 1: it does not, 3: which process?)",
    words: [],
    flags: [...WHICH, "help", "version"],
  },
  stop: {
    doc: "Have the running process let its requests end, and end; returns when it has (exit 3: which process?)",
    words: [],
    flags: ["now", ...WHICH, "help", "version"],
  },
  status: {
    doc: "Say how the running process does (exit 0: all is well, 1: something is wrong, 2: it does not serve)",
    words: [],
    flags: [...WHICH, "help", "version"],
  },
  maintenance: {
    doc: "Have the running process answer 503 in place of everything, or of one route, and no longer; alone: say what is so",
    words: ["[on|off]", "[ROUTE]"],
    flags: ["retry-after", ...WHICH, "help", "version"],
  },
  drain: {
    doc: "Give a peer no new requests; what is open on it finishes. Alone: list the peers",
    words: ["[ADDR]"],
    flags: [...WHICH, "help", "version"],
  },
  undrain: {
    doc: "Give a peer new requests again",
    words: ["ADDR"],
    flags: [...WHICH, "help", "version"],
  },
  top: {
    doc: "Show live how the running process does: requests, times, peers, routes, what is slow and what fails",
    words: [],
    flags: ["once", ...WHICH, "help", "version"],
  },
  tail: {
    doc: "Show each request as it ends",
    words: [],
    flags: ["route", "status", "slower-than", ...WHICH, "help", "version"],
  },
  service: {
    doc: "Print a hardened unit for systemd that serves with the flags given; alone: with /etc/gatekeeper/gatekeeper.yaml",
    words: [],
    flags: undefined,
    more: ["user"],
  },
  profile: {
    doc: "Write down what the running process computes with for 10 s, for speedscope or Chrome to show",
    words: ["[OUTPUT]"],
    flags: ["for", ...WHICH, "help", "version"],
  },
  schema: { doc: "Print the JSON Schema of the configuration file, for editors", words: [], flags: HELP_ONLY },
  docs: { doc: "Print the reference of every key of the configuration file", words: [], flags: HELP_ONLY },
  demo: {
    doc: "Serve an origin made for trying out, with gatekeeper before it",
    words: [],
    flags: ["bind", "log-level", "log-format", "help", "version"],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** True when the command has a use for the flag. */
export function takesFlag(command: CommandName, flag: Flag): boolean {
  const { flags, more = [] }: Command = COMMANDS[command];
  return flags === undefined ? flag.isOfServing || more.includes(flag.name) : flags.includes(flag.name);
}
