/** A table, its head first: each column as wide as its widest word. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length)) + 2);
  return all.map((row) =>
    row
      .map((word, at) => word.padEnd(widths[at] ?? 0))
      .join("")
      .trimEnd(),
  );
}
