import { nearest } from "../../core/nearest.ts";
import { placeOf, type Span } from "../document.ts";
import type { FilePosition, Problem } from "../problem.ts";
import type { Token } from "./token.ts";

type Extra = Partial<Pick<Problem, "expected" | "help">>;

/** More words than this say nothing to who looks for one. */
const MOST_WORDS = 15;

/** What is wrong with a Caddyfile and the files that it imports. */
export class Report {
  readonly #problems: Problem[] = [];
  readonly #said = new Set<string>();

  /** In the order of the file, those of files that are imported after them. */
  get problems(): readonly Problem[] {
    const files = [...new Set(this.#problems.map(fileOf))];
    return this.#problems.toSorted((a, b) => {
      const byFile = files.indexOf(fileOf(a)) - files.indexOf(fileOf(b));
      const [at, other] = [positionOf(a), positionOf(b)];
      return byFile || at.line - other.line || at.column - other.column;
    });
  }

  /** How many errors there are so far. */
  get errors(): number {
    return this.#problems.filter(({ severity }) => severity === "error").length;
  }

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
    const list = known.length > MOST_WORDS ? {} : { expected: known.join(", ") };
    this.error(at, `this ${what} is not known`, near === undefined ? list : { help: `did you mean ${near}?` });
  }

  #add(severity: Problem["severity"], span: Span, message: string, seen: string | undefined, extra: Extra): void {
    const place = placeOf(span, undefined);
    // A snippet that is imported often would be told of as often.
    const said = JSON.stringify([span.source.file, span.start, message]);
    if (this.#said.has(said)) return;
    this.#said.add(said);
    this.#problems.push({ severity, place, message, ...(seen !== undefined && { seen }), ...extra });
  }
}

function fileOf({ place }: Problem): string {
  return place.type === "file" ? place.file : "";
}

function positionOf({ place }: Problem): Pick<FilePosition, "line" | "column"> {
  return (place.type === "file" ? place.at : undefined) ?? { line: 0, column: 0 };
}
