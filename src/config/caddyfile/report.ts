import { nearest } from "../../core/nearest.ts";
import { placeOf, type Span } from "../document.ts";
import type { Problem } from "../problem.ts";
import type { Token } from "./token.ts";

type Extra = Partial<Pick<Problem, "expected" | "help">>;

/** What is wrong with a Caddyfile and the files it imports, in the order in which it was found. */
export class Report {
  readonly problems: Problem[] = [];

  error(at: Token, message: string, extra: Extra = {}): undefined {
    this.#add("error", at.span, message, at.text, extra);
  }

  warning(at: Token, message: string, extra: Extra = {}): undefined {
    this.#add("warning", at.span, message, at.text, extra);
  }

  /** An error about a place where no word stands. */
  errorAt(span: Span, message: string, extra: Extra = {}): undefined {
    this.#add("error", span, message, undefined, extra);
  }

  /** A word that is not known, with the nearest known one. */
  unknown(at: Token, what: string, known: readonly string[]): undefined {
    const near = nearest(at.text, known);
    const extra = near === undefined ? { expected: known.join(", ") } : { help: `did you mean ${near}?` };
    this.error(at, `this ${what} is not known`, extra);
  }

  #add(severity: Problem["severity"], span: Span, message: string, seen: string | undefined, extra: Extra): void {
    const place = placeOf(span, undefined);
    this.problems.push({ severity, place, message, ...(seen !== undefined && { seen }), ...extra });
  }
}
