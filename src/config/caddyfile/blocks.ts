import type { Report } from "./report.ts";
import { isBrace, type Token } from "./token.ts";

/** A line of a Caddyfile: its first word, what stands behind it, and the block that it opens. */
export interface Directive {
  readonly name: Token;
  readonly args: readonly Token[];
  /** Undefined without braces. */
  readonly block: readonly Directive[] | undefined;
}

/** A block at the top: a site with its addresses, or the global options, which have none. */
export interface ServerBlock {
  readonly keys: readonly Token[];
  readonly directives: readonly Directive[];
  /** The first word of it, for problems. */
  readonly first: Token;
}

/** Sorts words into blocks. What is wrong is reported, and then the rest is not read on where it would be a guess. */
export function readBlocks(tokens: readonly Token[], report: Report): readonly ServerBlock[] {
  return new BlockReader(tokens, report).readAll();
}

const OWN_LINE = "each } on a line of its own";

class BlockReader {
  readonly #tokens: readonly Token[];
  readonly #report: Report;
  #at = 0;

  constructor(tokens: readonly Token[], report: Report) {
    this.#tokens = tokens;
    this.#report = report;
  }

  readAll(): readonly ServerBlock[] {
    const blocks: ServerBlock[] = [];
    for (let first = this.#peek(); first !== undefined; first = this.#peek()) {
      if (isBrace(first, "}")) {
        this.#report.error(first, "there is no block that this brace would close");
        return blocks;
      }
      const keys = this.#readKeys();
      const open = this.#peek();
      if (keys === undefined) return blocks;
      if (isBrace(open, "{")) {
        const directives = this.#readBlock();
        blocks.push({ keys, directives: directives ?? [], first });
        if (directives === undefined) return blocks;
        continue;
      }
      // One site alone needs no braces.
      const directives = this.#readDirectives(undefined);
      blocks.push({ keys, directives: directives ?? [], first });
      return blocks;
    }
    return blocks;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** The addresses of a site: in one line, or in several with commas. Undefined where they are no addresses. */
  #readKeys(): readonly Token[] | undefined {
    const keys: Token[] = [];
    let comma: Token | undefined;
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (isBrace(token, "{")) break;
      if (keys.length > 0 && token.startsLine && comma === undefined) break;
      const { start, end } = token.span;
      comma = token.text.endsWith(",") ? token : undefined;
      const isCut = comma !== undefined;
      const key = isCut ? { ...token, text: token.text.slice(0, -1), span: { ...token.span, end: end - 1 } } : token;
      if (key.text.length > 1 && key.text.endsWith("{") && token.quote === "") {
        const expected = `${key.text.slice(0, -1)} {`;
        return this.#report.error(key, "the space before the brace is missing", { expected });
      }
      if (key.text.includes(",")) {
        const expected = key.text.replaceAll(/,\s*/g, ", ");
        return this.#report.error(key, "the space after a comma is missing", { expected });
      }
      if (key.text !== "" || start === end) keys.push(key);
      this.#at += 1;
    }
    if (comma === undefined) return keys;
    return this.#report.error(comma, "another address has to follow a comma");
  }

  /** From an opening brace to what follows the closing one. Undefined where the block is broken. */
  #readBlock(): readonly Directive[] | undefined {
    const open = this.#peek();
    this.#at += 1;
    const first = this.#peek();
    if (first !== undefined && !first.startsLine) {
      const expected = "a new line after each {";
      return this.#report.error(first, "what stands in a block begins on a new line", { expected });
    }
    const directives = this.#readDirectives(open);
    if (directives === undefined) return undefined;
    this.#at += 1;
    const next = this.#peek();
    if (next === undefined || next.startsLine) return directives;
    return this.#report.error(next, "nothing may follow a closing brace in its line", { expected: OWN_LINE });
  }

  /** Lines up to a closing brace, which is left; to the end of the file where no block was opened. */
  #readDirectives(open: Token | undefined): readonly Directive[] | undefined {
    const directives: Directive[] = [];
    for (let name = this.#peek(); name !== undefined; name = this.#peek()) {
      if (isBrace(name, "}")) {
        if (open !== undefined) return directives;
        return this.#report.error(name, "there is no block that this brace would close");
      }
      if (isBrace(name, "{")) {
        const help = "did you mean it to stand at the end of the line before?";
        return this.#report.error(name, "a brace that opens a block stands behind what it belongs to", { help });
      }
      const directive = this.#readDirective(name);
      if (directive === undefined) return undefined;
      directives.push(directive);
    }
    if (open === undefined) return directives;
    return this.#report.error(open, "this block is not closed", { expected: OWN_LINE });
  }

  #readDirective(name: Token): Directive | undefined {
    const args: Token[] = [];
    this.#at += 1;
    for (let token = this.#peek(); token !== undefined && !token.startsLine; token = this.#peek()) {
      if (isBrace(token, "{")) {
        const block = this.#readBlock();
        return block === undefined ? undefined : { name, args, block };
      }
      if (isBrace(token, "}")) {
        return this.#report.error(token, "a closing brace stands on a line of its own", { expected: OWN_LINE });
      }
      args.push(token);
      this.#at += 1;
    }
    return { name, args, block: undefined };
  }
}
