/** A text over several lines, `<<END` to `END`. Offsets are into the text it was read from. */
export type Heredoc =
  | { readonly type: "text"; readonly text: string; readonly end: number }
  | {
      readonly type: "fault";
      readonly start: number;
      readonly end: number;
      readonly message: string;
      readonly expected: string;
    };

/**
 * Reads the heredoc that begins at `start`, or gives undefined where `<<` only begins a word. The blanks before the
 * closing marker are taken off every line (Caddy).
 */
export function readHeredoc(text: string, start: number): Heredoc | undefined {
  const opening = /^<<([^ \n]*)\n/.exec(text.slice(start, start + 300).replaceAll("\r", ""));
  const marker = opening?.[1];
  if (marker === undefined) return undefined;
  const newline = text.indexOf("\n", start);
  if (!/^[\w-]+$/.test(marker)) {
    const message = `"${marker}" is no marker of a text over several lines`;
    return { type: "fault", start, end: newline, message, expected: "<< and letters, digits, - or _, such as <<END" };
  }
  const last = new RegExp(`\\n[^\\S\\n]*(?=${marker})`).exec(text.slice(newline));
  const closing = last === null ? -1 : newline + last.index + last[0].length;
  if (closing < 0) {
    const message = `the text that <<${marker} begins does not end`;
    return { type: "fault", start, end: newline, message, expected: `${marker} on the line after it` };
  }
  const lastNewline = text.lastIndexOf("\n", closing);
  const padding = text.slice(lastNewline + 1, closing);
  const lines: string[] = [];
  for (let at = newline + 1; at <= lastNewline;) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end).replaceAll("\r", "");
    if (line !== "" && !line.startsWith(padding)) {
      const message = `this line does not begin with the blanks that stand before ${marker}`;
      return { type: "fault", start: at, end, message, expected: `every line as far in as ${marker}` };
    }
    lines.push(line.slice(padding.length));
    at = end + 1;
  }
  return { type: "text", text: lines.join("\n"), end: closing + marker.length };
}
