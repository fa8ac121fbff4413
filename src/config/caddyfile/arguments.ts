import type { Directive } from "./blocks.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** How a line is written, and how many words stand behind its first. */
export interface Usage {
  /** `redir [MATCHER] TO [CODE]`. */
  readonly form: string;
  readonly least: number;
  readonly most: number;
  /** May open a block. Default false. */
  readonly block?: boolean;
}

/** The words of a line; undefined, and reported, where they are too few or too many, or a block has no place. */
export function argumentsOf(line: Directive, usage: Usage, report: Report): readonly Token[] | undefined {
  const { name, args, block } = line;
  const expected = usage.form;
  const extra = args[usage.most];
  if (args.length < usage.least) return report.error(name, `${name.text} lacks a value`, { expected });
  if (extra !== undefined) return report.error(extra, `this is one word too many for ${name.text}`, { expected });
  if (block !== undefined && usage.block !== true) {
    return report.error(name, `${name.text} has no block here`, { expected });
  }
  return args;
}

/** The only word of a line. */
export function argumentOf(line: Directive, form: string, report: Report): Token | undefined {
  return argumentsOf(line, { form, least: 1, most: 1 }, report)?.[0];
}
