import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { readEscape } from "./regexp-escape.ts";

/** What RE2 and ECMAScript read differently under the same name: RE2's are ASCII alone. */
export const SHORTHAND: ReadonlyMap<string, { readonly alone: string; readonly inClass: string }> = new Map([
  ["s", { alone: "[\\t\\n\\f\\r ]", inClass: "\\t\\n\\f\\r " }],
  ["S", { alone: "[^\\t\\n\\f\\r ]", inClass: "\\x00-\\x08\\x0b\\x0e-\\x1f!-\\uffff" }],
]);

/** POSIX's classes, and what is not in them. */
const POSIX: ReadonlyMap<string, readonly [inside: string, outside: string]> = new Map([
  ["alnum", ["0-9A-Za-z", "\\x00-/:-@\\[-`{-\\uffff"]],
  ["alpha", ["A-Za-z", "\\x00-@\\[-`{-\\uffff"]],
  ["ascii", ["\\x00-\\x7f", "\\x80-\\uffff"]],
  ["blank", ["\\t ", "\\x00-\\x08\\n-\\x1f!-\\uffff"]],
  ["cntrl", ["\\x00-\\x1f\\x7f", " -~\\x80-\\uffff"]],
  ["digit", ["0-9", "\\x00-/:-\\uffff"]],
  ["graph", ["!-~", "\\x00- \\x7f-\\uffff"]],
  ["lower", ["a-z", "\\x00-`{-\\uffff"]],
  ["print", [" -~", "\\x00-\\x1f\\x7f-\\uffff"]],
  ["punct", ["!-/:-@\\[-`{-~", "\\x00- 0-9A-Za-z\\x7f-\\uffff"]],
  ["space", ["\\t-\\r ", "\\x00-\\x08\\x0e-\\x1f!-\\uffff"]],
  ["upper", ["A-Z", "\\x00-@\\[-\\uffff"]],
  ["word", ["\\w", "\\W"]],
  ["xdigit", ["0-9A-Fa-f", "\\x00-/:-@G-`g-\\uffff"]],
]);

/** Reads a class, `[…]`, that begins at `start`. */
export function readClass(text: string, start: number): Parsed<{ readonly out: string; readonly end: number }> {
  const opening = /^\[\^?/.exec(text.slice(start))?.[0] ?? "[";
  let out = opening;
  let at = start + opening.length;
  for (let isFirst = true; at < text.length; isFirst = false) {
    const c = text.charAt(at);
    if (c === "]" && !isFirst) return accept({ out: `${out}]`, end: at + 1 });
    const rest = text.slice(at);
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    if (posix !== null) {
      const known = POSIX.get(posix[2] ?? "");
      if (known === undefined) return refuse(`the class ${posix[0]} is not known`);
      out += known[posix[1] === "" ? 0 : 1];
      at += posix[0].length;
    } else if (c === "\\") {
      const next = rest.charAt(1);
      const shorthand =
        SHORTHAND.get(next)?.inClass ?? ("dDwW".includes(next) && next !== "" ? `\\${next}` : undefined);
      const read = shorthand === undefined ? readEscape(rest) : { length: 2, out: shorthand };
      if (read === undefined) return refuse(`\\${next} is not known here`);
      out += read.out;
      at += read.length;
    } else {
      // A ] that comes first is a member, where ECMAScript would take it for the end.
      out += c === "]" || c === "[" ? `\\${c}` : c;
      at += 1;
    }
  }
  return refuse("a [ is not closed");
}
