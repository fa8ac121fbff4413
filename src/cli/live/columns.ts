import { printable } from "../report.ts";
import type { Paint, Tint } from "./paint.ts";

export interface Cell {
  /** Whatever came from outside: it is made printable. */
  readonly text: string;
  readonly tint?: Tint | undefined;
}

export interface Column {
  readonly title: string;
  readonly isNumber?: true;
}

const GAP = 2;
/** Of a column that is not the last. */
const MOST_COLUMN = 44;

/** Lines of columns below their titles, none wider than `width`; the last column has what is left. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): readonly string[] {
  const titles = columns.map(({ title }): Cell => ({ text: title, tint: "bold" }));
  const all = [titles, ...rows].map((row) => row.map(({ text, tint }) => ({ text: printable(text), tint })));
  const last = columns.length - 1;
  const widths = columns.map((_, at) =>
    Math.min(MOST_COLUMN, Math.max(...all.map((row) => widthOf(row[at]?.text ?? "")))),
  );
  return all.map((row) => {
    let left = width;
    let line = "";
    for (const [at, { text, tint }] of row.entries()) {
      const room = Math.min(left, at === last ? left : (widths[at] ?? 0));
      if (room <= 0) break;
      const cut = fit(text, room);
      const padding = at === last ? "" : " ".repeat(room - widthOf(cut));
      const isRight = columns[at]?.isNumber === true && at !== last;
      line += isRight ? padding + paint(tint, cut) : paint(tint, cut) + padding;
      left -= room + GAP;
      if (at !== last && left > 0) line += " ".repeat(GAP);
    }
    return line;
  });
}

/** In columns of a terminal. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** A text in at most `width` columns; what is cut off is told by `…`. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let fitted = "";
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    fitted += segment;
  }
  return width <= 0 ? "" : `${fitted}…`;
}
