import { SourceText } from "../source-text.ts";
import { nearest } from "../../core/nearest.ts";
import { fillArguments, type Import } from "./import-arguments.ts";
import { importPath, type CaddyfileInput } from "./input.ts";
import { tokenize } from "./lexer.ts";
import type { Report } from "./report.ts";
import { isBrace, type Token } from "./token.ts";

interface Snippet {
  readonly name: Token;
  readonly tokens: readonly Token[];
}

/** Puts in place of each `import` what it names, and takes the snippets, which mean nothing by themselves, out. */
export class Imports {
  readonly #input: CaddyfileInput;
  readonly #report: Report;
  readonly #snippets = new Map<string, Snippet>();
  /** Of all snippets of the file, for advice. */
  readonly #names = new Set<string>();
  readonly #out: Token[] = [];
  /** What is being imported just now, the outermost first. */
  readonly #open: string[] = [];
  #depth = 0;

  constructor(input: CaddyfileInput, report: Report) {
    this.#input = input;
    this.#report = report;
  }

  /** The words of a file with all imports in place. */
  expand(tokens: readonly Token[]): readonly Token[] {
    for (const { text, startsLine } of tokens)
      if (startsLine && /^\(.+\)$/.test(text)) this.#names.add(text.slice(1, -1));
    this.#take(tokens);
    return this.#out;
  }

  #take(tokens: readonly Token[]): void {
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === undefined) break;
      const isWord = token.startsLine && token.quote === "";
      if (isWord && token.text === "import") {
        at = this.#import(tokens, at);
        continue;
      }
      if (isWord && this.#depth === 0 && /^\(.*\)$/.test(token.text) && isBrace(tokens[at + 1], "{")) {
        at = this.#define(tokens, at);
        continue;
      }
      if (isBrace(token, "{")) this.#depth += 1;
      if (isBrace(token, "}")) this.#depth -= 1;
      this.#out.push(token);
    }
  }

  /** Remembers a snippet; gives the place of its closing brace. */
  #define(tokens: readonly Token[], at: number): number {
    const name = tokens[at];
    const end = closing(tokens, at + 1);
    if (name === undefined) return at;
    if (end === undefined) {
      this.#report.error(name, "the block of this snippet is not closed", { expected: "a } on a line of its own" });
      return tokens.length;
    }
    const known = name.text.slice(1, -1);
    if (this.#snippets.has(known)) this.#report.error(name, "there is a snippet of this name already");
    else this.#snippets.set(known, { name, tokens: tokens.slice(at + 2, end) });
    return end;
  }

  /** Takes what an `import` names; gives the place of its last word. */
  #import(tokens: readonly Token[], at: number): number {
    const words: Token[] = [];
    let end = at;
    for (let next = tokens[end + 1]; next !== undefined && !next.startsLine; next = tokens[end + 1]) {
      if (isBrace(next, "{")) {
        this.#report.error(next, "a block is Caddy's but cannot be given to an import here", {
          help: "write what stands in it into the snippet, or give arguments",
        });
        return closing(tokens, end + 1) ?? tokens.length;
      }
      words.push(next);
      end += 1;
    }
    const keyword = tokens[at];
    const [target, ...args] = words;
    if (keyword === undefined) return end;
    if (target === undefined || target.text === "") {
      this.#report.error(target ?? keyword, "the name of a snippet or a file is missing", {
        expected: "import NAME, or import PATH",
      });
      return end;
    }
    this.#bring({ target, args });
    return end;
  }

  #bring(wanted: Import): void {
    const { target } = wanted;
    const snippet = this.#snippets.get(target.text);
    if (snippet !== undefined) {
      this.#enter(`(${target.text})`, wanted, () => snippet.tokens);
      return;
    }
    const path = importPath(target.span.source.file, target.text);
    if (!/[*?[\]]/.test(path)) {
      this.#enter(path, wanted, () => this.#readFile(path, target));
      return;
    }
    if (/\*.*\*|\?.*\?|\[.*\]/.test(path)) {
      this.#report.error(target, "a pattern has one * at most (Caddy)", {
        expected: "a pattern such as sites/*.caddy",
      });
      return;
    }
    const found = this.#input.glob(path);
    if (found.length === 0) this.#report.warning(target, "no file is of this pattern, so nothing is imported");
    for (const file of found) this.#enter(file, wanted, () => this.#readFile(file, target));
  }

  #readFile(path: string, target: Token): readonly Token[] {
    const text = this.#input.readFile(path);
    if (!text.ok) {
      const near = nearest(target.text, [...this.#names, ...this.#snippets.keys()]);
      const advice = near === target.text ? `the snippet (${near}) has to stand before this` : `did you mean ${near}?`;
      const help = near === undefined ? {} : { help: advice };
      const expected = "a snippet that stands before, or a file";
      this.#report.error(target, `${text.fault}, and no snippet of this name`, { expected, ...help });
      return [];
    }
    return tokenize(new SourceText(path, text.value), this.#input.env, this.#report) ?? [];
  }

  #enter(name: string, wanted: Import, tokens: () => readonly Token[]): void {
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name].join(" → ");
      this.#report.error(wanted.target, `this import goes round in a circle: ${circle}`);
      return;
    }
    this.#open.push(name);
    this.#take(fillArguments(tokens(), wanted, this.#report));
    this.#open.pop();
  }
}

/** The place of the brace that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isBrace(tokens[at], "{")) depth += 1;
    if (isBrace(tokens[at], "}")) depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}
