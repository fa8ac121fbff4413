import type { FilePosition, Place } from "./problem.ts";

/** A file's text, which turns offsets into places for problems. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** The place of what stands from `start` up to `end` (offsets into the text); the caret stays on one line. */
  place(start: number, end: number, key: string | undefined): Place {
    return { type: "file", file: this.file, at: this.position(start, end, key) };
  }

  position(start: number, end: number, key: string | undefined): FilePosition {
    const offset = Math.min(start, this.text.length);
    // The last line that starts at or before the offset.
    let line = this.#lineStarts.findLastIndex((lineStart) => lineStart <= offset);
    // An offset past a final newline (something missing at the end) is shown at the last line with text.
    if (line > 0 && offset === this.text.length && this.#lineStarts[line] === offset) line -= 1;
    const lineStart = this.#lineStarts[line] ?? 0;
    const nextStart = this.#lineStarts[line + 1] ?? this.text.length + 1;
    const excerpt = this.text.slice(lineStart, nextStart - 1).replace(/\r$/, "");
    const column = Math.min(offset - lineStart, excerpt.length);
    const length = Math.max(1, Math.min(end - offset, excerpt.length - column));
    return { line: line + 1, column: column + 1, length, excerpt, key };
  }
}
