import type { Span } from "../document.ts";

/** One word of a Caddyfile, without its quotes. */
export interface Token {
  readonly text: string;
  /** Where it stands; a word that came in by an import's argument stands where the argument does. */
  readonly span: Span;
  /** Quoted words are never braces, `import` or comments. `<<` is a heredoc. */
  readonly quote: "" | '"' | "`" | "<<";
  /** The first of its line. Lines that end in `\` go on in the next. */
  readonly startsLine: boolean;
}

/** True for a brace that opens or closes a block. */
export function isBrace(token: Token | undefined, brace: "{" | "}"): boolean {
  return token?.text === brace && token.quote === "";
}
