import type { SourceText } from "../source-text.ts";
import { fillEnvironment, type FilledText } from "./environment.ts";
import { readHeredoc } from "./heredoc.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** The words of a file; undefined where it cannot be cut into words, which was reported then. */
export function tokenize(
  source: SourceText,
  env: (name: string) => string | undefined,
  report: Report,
): readonly Token[] | undefined {
  const filled = fillEnvironment(source, env);
  const lexer = new Lexer(filled, report);
  const isWhole = lexer.read();
  for (const fill of filled.fills) {
    if (!fill.isUnset || lexer.isComment(fill.start)) continue;
    const span = { source, start: fill.fileStart, end: fill.fileEnd };
    const at: Token = { text: `{$${fill.name}}`, span, quote: "", startsLine: false };
    const help = `a default may be given: {$${fill.name}:value}`;
    report.warning(at, `the environment has no ${fill.name}, so nothing stands here`, { help });
  }
  return isWhole ? lexer.tokens : undefined;
}

const SPACE = /\s|\u0085/;

class Lexer {
  readonly tokens: Token[] = [];
  readonly #filled: FilledText;
  readonly #text: string;
  readonly #report: Report;
  readonly #comments: { readonly start: number; readonly end: number }[] = [];
  #at = 0;
  #startsLine = true;

  constructor(filled: FilledText, report: Report) {
    this.#filled = filled;
    this.#text = filled.text;
    this.#report = report;
  }

  isComment(offset: number): boolean {
    return this.#comments.some((comment) => comment.start <= offset && offset <= comment.end);
  }

  /** Reads all; false where something is not closed. */
  read(): boolean {
    if (this.#text.startsWith("\ufeff")) this.#at = 1;
    while (this.#at < this.#text.length) {
      const c = this.#text.charAt(this.#at);
      if (c === "\\" && this.#skipContinuation()) continue;
      if (SPACE.test(c)) {
        if (c === "\n") this.#startsLine = true;
        this.#at += 1;
      } else if (c === "#") this.#skipComment();
      else if (!this.#readToken(c)) return false;
    }
    return true;
  }

  /** A `\` at the end of a line takes the next line along; before a space it means nothing (both Caddy). */
  #skipContinuation(): boolean {
    const rest = /^\\\r?(?:\n|[^\S\n])/.exec(this.#text.slice(this.#at, this.#at + 3));
    if (rest === null && this.#at + 1 < this.#text.length) return false;
    this.#at += rest?.[0].length ?? 1;
    return true;
  }

  #skipComment(): void {
    const newline = this.#text.indexOf("\n", this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    this.#comments.push({ start: this.#at, end });
    this.#at = end;
  }

  #readToken(first: string): boolean {
    if (first === '"' || first === "`") return this.#readQuoted(first);
    if (this.#text.startsWith("<<", this.#at)) {
      const heredoc = readHeredoc(this.#text, this.#at);
      if (heredoc?.type === "fault") {
        const span = this.#filled.span(heredoc.start, heredoc.end);
        this.#report.errorAt(span, heredoc.message, { expected: heredoc.expected });
        return false;
      }
      if (heredoc !== undefined) {
        this.#push(heredoc.text, heredoc.end, "<<");
        return true;
      }
    }
    this.#readWord();
    return true;
  }

  #readWord(): void {
    let text = "";
    let at = this.#at;
    for (; at < this.#text.length; at++) {
      const c = this.#text.charAt(at);
      if (SPACE.test(c)) break;
      if (c === "\\") {
        const next = this.#text.charAt(at + 1);
        // `\<<` is no heredoc; a `\` at the end of a word is a continued line, or nothing.
        if (next === "" || SPACE.test(next)) break;
        if (next === "<" && text === "") continue;
      }
      text += c;
    }
    this.#push(text, at, "");
  }

  #readQuoted(quote: '"' | "`"): boolean {
    let text = "";
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const c = this.#text.charAt(at);
      if (c === quote) {
        this.#push(text, at + 1, quote);
        return true;
      }
      if (quote === '"' && c === "\\" && this.#text.charAt(at + 1) === '"') {
        at += 1;
        text += '"';
      } else text += c;
    }
    const span = this.#filled.span(this.#at, this.#at + 1);
    this.#report.errorAt(span, `the ${quote} is not closed`, { expected: `a ${quote} at the end of the text` });
    return false;
  }

  #push(text: string, end: number, quote: Token["quote"]): void {
    const span = this.#filled.span(this.#at, end);
    this.tokens.push({ text, span, quote, startsLine: this.#startsLine });
    this.#startsLine = false;
    this.#at = end;
  }
}
