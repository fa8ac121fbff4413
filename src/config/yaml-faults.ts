import type { YAMLError } from "yaml";
import type { SourceText } from "./source-text.ts";

/** What the parser found, in our words: what is wrong, and what would be right. */
export interface YamlFault {
  readonly message: string;
  readonly expected?: string;
}

const QUOTES = 'quotes around a value with brackets in it, such as "[::1]:8080"';

const FAULTS: Readonly<Record<string, YamlFault>> = {
  TAB_AS_INDENT: { message: "a tab begins the line", expected: "spaces, or nothing, at the start of a line" },
  MISSING_CHAR: { message: "a quote or a bracket is not closed", expected: "each quote and bracket closed" },
  BAD_INDENT: {
    message: "a bracket is not closed, or the line begins too far left or right",
    expected: "keys at the start of their line",
  },
  UNEXPECTED_TOKEN: { message: "nothing may follow here", expected: QUOTES },
  RESOURCE_EXHAUSTION: { message: "there are too many levels of keys and lists" },
  BLOCK_AS_IMPLICIT_KEY: { message: "there are two colons", expected: "quotes around a value that holds `: `" },
  MULTILINE_IMPLICIT_KEY: {
    message: "a colon is missing after a key",
    expected: "keys with their values, such as `threads: 2`",
  },
  BAD_SCALAR_START: {
    message: "a value cannot begin with this mark",
    expected: "quotes around a value that begins with a mark such as @, ` or %",
  },
};

/** Puts a fault of the parser into words. */
export function yamlFault(fault: YAMLError, source: SourceText): YamlFault {
  const known = FAULTS[fault.code] ?? { message: lowerFirst(fault.message.split("\n")[0] ?? fault.code) };
  const { excerpt } = source.position(fault.pos[0], fault.pos[1], undefined);
  // Braces are a map in YAML wherever a value begins with them, and everywhere within brackets.
  const braces = /[[,{]\s*[^"'[\]{},]*?(\$?\{[\w.>:-]+\})/.exec(excerpt)?.[1];
  return braces === undefined || fault.code === "TAB_AS_INDENT"
    ? known
    : { message: known.message, expected: `quotes around a value with ${braces} in it` };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
