import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { readClass, SHORTHAND } from "./regexp-class.ts";
import { readEscape } from "./regexp-escape.ts";

/** A regular expression of Go (RE2) in ECMAScript's way. */
export interface TranslatedRegexp {
  readonly pattern: string;
  /** Names of its groups by number; group 1 is at index 0, undefined for one without a name. */
  readonly groups: readonly (string | undefined)[];
}

/**
 * Translates a regular expression from Go's syntax to ECMAScript's (no `u`, no `v` flag), or says what cannot be. What
 * RE2 promises does not come along: here an expression such as `(a+)+$` can take very long, there it never does. And with
 * the flag `i` the few letters outside of ASCII that fold into it are not taken for `s` and `k`.
 */
export function translateRegexp(text: string): Parsed<TranslatedRegexp> {
  const translation = new Translation(text);
  const fault = translation.run();
  if (fault !== undefined) return refuse(fault);
  try {
    new RegExp(translation.out);
  } catch {
    return refuse("this is not a regular expression");
  }
  return accept({ pattern: translation.out, groups: translation.groups });
}

/** One group that is open: the flags that hold in it, and in the alternative that is being read. */
interface OpenGroup {
  readonly base: string;
  flags: string;
}

const NO_LATER = "(?![^])";
const NO_EARLIER = "(?<![^])";

class Translation {
  out = "";
  readonly groups: (string | undefined)[] = [];
  readonly #text: string;
  #at = 0;
  readonly #open: OpenGroup[] = [{ base: "", flags: "" }];

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads all; gives what is wrong. */
  run(): string | undefined {
    while (this.#at < this.#text.length) {
      const fault = this.#step(this.#text.charAt(this.#at));
      if (fault !== undefined) return fault;
    }
    if (this.#open.length > 1) return "a ( is not closed";
    this.#closeFlags();
    return undefined;
  }

  get #group(): OpenGroup {
    return this.#open.at(-1) ?? { base: "", flags: "" };
  }

  #step(c: string): string | undefined {
    switch (c) {
      case "\\":
        return this.#escape();
      case "(":
        return this.#parenthesis();
      case ")":
        if (this.#open.length === 1) return "a ) has no (";
        this.#closeFlags();
        this.#open.pop();
        break;
      case "|":
        // Flags set in a group hold in its later alternatives too, ECMAScript's only inside of their own brackets.
        this.#closeFlags();
        this.out += "|";
        this.#at += 1;
        this.#openFlags();
        return undefined;
      case "[": {
        const read = readClass(this.#text, this.#at);
        if (!read.ok) return read.fault;
        this.out += read.value.out;
        this.#at = read.value.end;
        return undefined;
      }
      case "*":
      case "+":
      case "?":
        // Possessive and doubled quantifiers are no RE2, and would mean something else.
        if (/^[*+?][*+]/.test(this.#text.slice(this.#at))) return "a quantifier follows a quantifier";
        break;
      case ".":
        // Without the flag s a dot is all but a newline; ECMAScript's lets other ends of lines slip through as well.
        return this.#put(1, this.#group.flags.includes("s") ? "." : "[^\\n]");
      case "^":
        return this.#put(1, this.#group.flags.includes("m") ? "(?<=\\n|(?<![^]))" : "^");
      case "$":
        return this.#put(1, this.#group.flags.includes("m") ? "(?=\\n|(?![^]))" : "$");
      default:
    }
    this.out += c;
    this.#at += 1;
    return undefined;
  }

  #closeFlags(): void {
    if (this.#group.flags !== this.#group.base) this.out += ")";
  }

  #openFlags(): void {
    const { base, flags } = this.#group;
    if (flags === base) return;
    const on = [...flags].filter((flag) => !base.includes(flag)).join("");
    const off = [...base].filter((flag) => !flags.includes(flag)).join("");
    this.out += `(?${on}${off === "" ? "" : `-${off}`}:`;
  }

  #parenthesis(): string | undefined {
    const rest = this.#text.slice(this.#at);
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
    if (named !== null) {
      this.groups.push(named[1]);
      return this.#enter(named[0].length, `(?<${named[1]}>`, this.#group.flags);
    }
    if (!rest.startsWith("(?")) {
      this.groups.push(undefined);
      return this.#enter(1, "(", this.#group.flags);
    }
    if (/^\(\?(?:<?[=!])/.test(rest)) return "it looks ahead or behind, which Go's have not";
    const [written, on = "", off, end] = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest) ?? [];
    if (written === undefined) return "a (? is followed by what is not known";
    if (`${on}${off ?? ""}`.includes("U")) return "the flag U is not known here";
    const kept = [...new Set(`${this.#group.flags}${on}`)].filter((flag) => off?.includes(flag) !== true);
    const flags = kept.sort().join("");
    if (end === ":") {
      const own = on === "" && off === undefined ? "(?:" : `(?${on}${off === undefined ? "" : `-${off}`}:`;
      return this.#enter(written.length, own, flags);
    }
    this.#closeFlags();
    this.#group.flags = flags;
    this.#openFlags();
    this.#at += written.length;
    return undefined;
  }

  #enter(length: number, out: string, flags: string): undefined {
    this.out += out;
    this.#at += length;
    this.#open.push({ base: flags, flags });
  }

  #escape(): string | undefined {
    const rest = this.#text.slice(this.#at);
    const quoted = /^\\Q([^]*?)(?:\\E|$)/.exec(rest);
    if (quoted !== null) return this.#put(quoted[0].length, (quoted[1] ?? "").replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    const next = rest.charAt(1);
    if (next === "A") return this.#put(2, NO_EARLIER);
    if (next === "z") return this.#put(2, NO_LATER);
    const shorthand = SHORTHAND.get(next);
    if (shorthand !== undefined) return this.#put(2, shorthand.alone);
    if ("dDwWbB".includes(next) && next !== "") return this.#put(2, `\\${next}`);
    const character = readEscape(rest);
    if (character === undefined) return `\\${next} is not known here`;
    return this.#put(character.length, character.out);
  }

  #put(length: number, out: string): undefined {
    this.out += out;
    this.#at += length;
  }
}
