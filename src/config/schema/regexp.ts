import { refuse, type Refused } from "../../core/parsed.ts";

/**
 * Ways of writing of Go's regular expressions (and of PCRE's) that ECMAScript reads as something else or not at all.
 * None may be misread silently: they come with Caddyfiles.
 */
const ELSEWHERE: readonly (readonly [pattern: RegExp, fault: string, help?: (text: string) => string])[] = [
  [/\(\?P</, "a named group is written (?<name>", (text) => text.replaceAll("(?P<", "(?<")],
  [
    /^\(\?([ims]+)\)/,
    "flags for the whole are written (?i:...)",
    (text) => text.replace(/^\(\?([ims]+)\)(.*)$/s, "(?$1:$2)"),
  ],
  [/\(\?[a-zA-Z-]*U/, "JavaScript has no flag U"],
  [/(?<!\\)(?:\\\\)*\\A/, "\\A is written ^", (text) => text.replaceAll("\\A", "^")],
  [/(?<!\\)(?:\\\\)*\\[zZ]/, "\\z is written $", (text) => text.replace(/\\[zZ]/g, "$")],
  [/(?<!\\)(?:\\\\)*\\[QE]/, "JavaScript has no \\Q...\\E"],
  [/(?<!\\)(?:\\\\)*\\[pP](?:\{|[A-Z])/, "classes of Unicode (\\p) are not taken"],
  [/\[\[:\^?[a-z]+:\]/, "classes such as [[:alpha:]] are not taken; [A-Za-z] is one"],
  [/(?<!\\)(?:\\\\)*\\x\{/, "a code point is written \\uFFFF"],
];

/** What is wrong with the source of a regular expression; undefined when JavaScript takes it as it was meant. */
export function regexpFault(text: string): Refused | undefined {
  for (const [pattern, fault, help] of ELSEWHERE) {
    if (pattern.test(text)) return refuse(fault, help?.(text));
  }
  try {
    RegExp(text);
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const fault = said.replace(/^Invalid regular expression: */, "");
    return refuse(`this is no regular expression: ${fault}`);
  }
}
