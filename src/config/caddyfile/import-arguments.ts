import type { Report } from "./report.ts";
import { isBrace, type Token } from "./token.ts";

/** What stands behind `import NAME`. */
export interface Import {
  /** The snippet or file that is named. */
  readonly target: Token;
  readonly args: readonly Token[];
}

const SINGLE = /\{args(?:\.(\d+)|\[(\d+)\])\}/g;
const SEVERAL = /^\{args\[(\d*):(\d*)\]\}$/;

/** Puts an import's arguments into what it brings in: `{args[0]}`, `{args.0}`, and `{args[:]}` for several words. */
export function fillArguments(tokens: readonly Token[], { target, args }: Import, report: Report): readonly Token[] {
  const missing = new Set<string>();
  const filled: Token[] = [];
  // A word that stands for no argument at all leaves its place at the start of the line to the next one.
  let startsLine = false;
  let definition = 0;
  for (const [at, token] of tokens.entries()) {
    // A snippet that an imported file defines is given its arguments where it is imported itself.
    if (at < definition || (definition = endOfDefinition(tokens, at)) > at) {
      filled.push(token);
      continue;
    }
    const isFirst: boolean = token.startsLine || startsLine;
    startsLine = false;
    const several = SEVERAL.exec(token.text);
    if (several !== null) {
      const end = several[2] === "" ? args.length : Number(several[2]);
      if (end > args.length) missing.add(token.text);
      const words = args.slice(Number(several[1]), end);
      filled.push(...words.map((word, i) => ({ ...argument(word), startsLine: isFirst && i === 0 })));
      startsLine = isFirst && words.length === 0;
      continue;
    }
    const whole = new RegExp(`^${SINGLE.source}$`).exec(token.text);
    const only = whole === null ? undefined : args[Number(whole[1] ?? whole[2])];
    if (only !== undefined) {
      filled.push({ ...argument(only), startsLine: isFirst });
      continue;
    }
    const text = token.text.replace(SINGLE, (written: string, dotted?: string, indexed?: string) => {
      const word = args[Number(dotted ?? indexed)];
      if (word === undefined) missing.add(written);
      return word?.text ?? written;
    });
    filled.push({ ...token, text, startsLine: isFirst });
  }
  for (const written of missing) {
    const count = args.length === 1 ? "1 argument is" : `${args.length} arguments are`;
    report.error(target, `what is imported here asks for ${written}, and ${count} given`);
  }
  return filled;
}

/** Where a snippet's definition ends that begins at `at`; 0 where none does. */
function endOfDefinition(tokens: readonly Token[], at: number): number {
  const name = tokens[at];
  const open = tokens[at + 1];
  if (name?.startsLine !== true || !/^\(.+\)$/.test(name.text) || open === undefined || !isBrace(open, "{")) return 0;
  let depth = 0;
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (isBrace(token, "{")) depth += 1;
    else if (isBrace(token, "}") && --depth === 0) return i + 1;
  }
  return tokens.length;
}

/** An argument is a word like a quoted one: it opens no block. */
function argument(word: Token): Token {
  return { ...word, quote: word.quote === "" ? '"' : word.quote };
}
