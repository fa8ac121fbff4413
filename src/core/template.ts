import { nearest } from "./nearest.ts";
import { accept, type Parsed, refuse, type Refused } from "./parsed.ts";
import { PLACEHOLDER_NAMES, PLACEHOLDER_TABLE, type PlaceholderName, REFUSED_PLACEHOLDERS } from "./placeholders.ts";

/** A piece of a template. */
export type TemplatePart =
  { readonly type: "text"; readonly text: string } | ({ readonly type: "placeholder" } & Placeholder);

/** A placeholder as a template uses it. */
export interface Placeholder {
  readonly name: PlaceholderName;
  /** What comes after its name; "" where nothing does. For `http.regexp` it is `name.1` or `1`. */
  readonly argument: string;
}

/** What begins like a placeholder: nobody writes a word in braces, without a blank, and means it for text. */
const PLACEHOLDER = /\{(\??[A-Za-z_][\w.\-/?[\]~!$&*+@%]*)\}/y;
const SIGNIFICANT = /[\\{]/g;

/**
 * Reads a text with placeholders, in Caddy's long (`{http.request.host}`) or short (`{host}`) spelling. `\{` and `\}` are
 * braces; a brace that begins no placeholder (`{"a":1}`, `{}`, `{ x }`) is one as well. An unknown word in braces is
 * refused: Caddy would send it as it stands, which nobody wants.
 */
export function parseTemplate(text: string): Parsed<readonly TemplatePart[]> {
  const parts: TemplatePart[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    SIGNIFICANT.lastIndex = at;
    const next = SIGNIFICANT.exec(text)?.index ?? text.length;
    literal += text.slice(at, next);
    at = next;
    if (at === text.length) break;
    if (text[at] === "\\") {
      const escaped = text[at + 1];
      const isBrace = escaped === "{" || escaped === "}";
      literal += isBrace ? escaped : "\\";
      at += isBrace ? 2 : 1;
      continue;
    }
    PLACEHOLDER.lastIndex = at;
    const found = PLACEHOLDER.exec(text);
    if (found === null) {
      literal += "{";
      at++;
      continue;
    }
    const placeholder = parsePlaceholder(found[1] ?? "");
    if (!placeholder.ok) return within(text, at, PLACEHOLDER.lastIndex, placeholder);
    if (literal !== "") parts.push({ type: "text", text: literal });
    literal = "";
    parts.push({ type: "placeholder", ...placeholder.value });
    at = PLACEHOLDER.lastIndex;
  }
  if (literal !== "" || parts.length === 0) parts.push({ type: "text", text: literal });
  return accept(parts);
}

/** Long and short names that are whole by themselves, and those that take an argument, without their `.*`. */
const WHOLE = new Map<string, PlaceholderName>();
const WITH_ARGUMENT = new Map<string, PlaceholderName>();
for (const name of PLACEHOLDER_NAMES) {
  // `{rp.…}` is Caddy's short spelling of these.
  const spellings = [name, name.replace(/^http\.reverse_proxy\./, "rp."), PLACEHOLDER_TABLE[name].short ?? name];
  for (const spelling of spellings) {
    if (spelling.endsWith(".*")) WITH_ARGUMENT.set(spelling.slice(0, -2), name);
    else WHOLE.set(spelling, name);
  }
}

/** The suggestion for a placeholder as one for the whole text. */
function within(text: string, start: number, end: number, { fault, suggestion }: Refused): Refused {
  return refuse(fault, suggestion && text.slice(0, start) + suggestion + text.slice(end));
}

function parsePlaceholder(word: string): Parsed<Placeholder> {
  const whole = WHOLE.get(word);
  if (whole !== undefined) return accept({ name: whole, argument: "" });
  // The longest name wins; an argument may have dots of its own.
  for (let dot = word.lastIndexOf("."); dot > 0; dot = word.lastIndexOf(".", dot - 1)) {
    const name = WITH_ARGUMENT.get(word.slice(0, dot));
    if (name !== undefined) return withArgument(word, name, word.slice(dot + 1));
  }
  return unknown(word);
}

/** The number of a group, or its name behind that of the expression. */
const GROUP = /^(?:\d+|[\w-]+\.\w+)$/;

function withArgument(word: string, name: PlaceholderName, argument: string): Parsed<Placeholder> {
  switch (PLACEHOLDER_TABLE[name].argument) {
    case "index":
      if (!/^\d+$/.test(argument)) return refuse(`{${word}} has no number after its last dot`);
      break;
    case "group":
      if (!GROUP.test(argument))
        return refuse(`{${word}} has no number of a group`, `{${word.replace(/[^.]*$/, "1")}}`);
      break;
    default:
      if (argument === "") return refuse(`{${word}} has no name after its dot`);
  }
  return accept({ name, argument });
}

function unknown(word: string): Parsed<never> {
  for (let end = word.length; end > 0; end = word.lastIndexOf(".", end - 1)) {
    const reason = REFUSED_PLACEHOLDERS[word.slice(0, end).replace(/^rp(?=\.|$)/, "http.reverse_proxy")];
    if (reason !== undefined) return refuse(`{${word}} has no value here: ${reason}`);
  }
  const withoutIt = `{${word}} is no placeholder; braces that are meant as text are written \\{`;
  const dot = word.lastIndexOf(".");
  // An argument is the user's own word, so what stands before it is compared.
  const near =
    nearestOf(word, [...WHOLE.keys()], "") ?? nearestOf(word.slice(0, dot), [...WITH_ARGUMENT.keys()], word.slice(dot));
  return refuse(withoutIt, near);
}

function nearestOf(word: string, known: readonly string[], rest: string): string | undefined {
  const near = word === "" ? undefined : nearest(word, known);
  return near === undefined ? undefined : `{${near}${rest}}`;
}
