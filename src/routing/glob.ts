/**
 * Glob patterns as Go's `path.Match` has them: `*` is any text without a slash, `?` one character but a slash,
 * `[a-c]` one of those characters, `[^a-c]` one that is none of them, `\` takes the next character as it is.
 */

/** One step of a pattern: a character, any text, any character, or a class (which may take a slash, as in Go). */
type Step = number | "any-text" | "any-character" | CharacterClass;

interface CharacterClass {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

const SLASH = 0x2f;
const MAGIC = /[*?[\\]/;

/** The text before the first character with a meaning: everything that matches begins with it. */
export function literalStart(pattern: string): string {
  const at = pattern.search(MAGIC);
  return at < 0 ? pattern : pattern.slice(0, at);
}

/** Compiles once. A pattern that is no glob (`/[a`) matches nothing, as in Caddy. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const steps = parseGlob(pattern);
  return steps === undefined ? () => false : (text) => matchesGlob(steps, text);
}

/**
 * Goes through both once and comes back only to the last `*`, as Go does, so that the time is at most their lengths
 * multiplied, whatever a client sends.
 */
function matchesGlob(steps: readonly Step[], text: string): boolean {
  let step = 0;
  let at = 0;
  let starStep = -1;
  let starAt = 0;
  while (step < steps.length || at < text.length) {
    const wanted = steps[step];
    if (wanted === "any-text") {
      starStep = step++;
      starAt = at;
      continue;
    }
    if (wanted !== undefined && at < text.length) {
      const found = text.codePointAt(at) ?? 0;
      if (takes(wanted, found)) {
        step++;
        at += widthOf(found);
        continue;
      }
    }
    // Let the last `*` take one character more.
    const next = starAt < text.length ? (text.codePointAt(starAt) ?? 0) : SLASH;
    if (starStep < 0 || next === SLASH) return false;
    starAt += widthOf(next);
    at = starAt;
    step = starStep + 1;
  }
  return true;
}

function takes(step: Exclude<Step, "any-text">, character: number): boolean {
  if (typeof step === "number") return step === character;
  if (character === SLASH && step === "any-character") return false;
  if (step === "any-character") return true;
  return step.ranges.some(([low, high]) => low <= character && character <= high) !== step.negated;
}

function widthOf(character: number): number {
  return character > 0xffff ? 2 : 1;
}

function parseGlob(pattern: string): readonly Step[] | undefined {
  const characters = [...pattern].map((character) => character.codePointAt(0) ?? 0);
  const steps: Step[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? 0;
    switch (String.fromCodePoint(character)) {
      case "*":
        if (steps.at(-1) !== "any-text") steps.push("any-text");
        break;
      case "?":
        steps.push("any-character");
        break;
      case "\\": {
        const escaped = characters[++at];
        if (escaped === undefined) return undefined;
        steps.push(escaped);
        break;
      }
      case "[": {
        const found = parseClass(characters, at + 1);
        if (found === undefined) return undefined;
        steps.push(found.class);
        at = found.end;
        break;
      }
      default:
        steps.push(character);
    }
  }
  return steps;
}

const CARET = 0x5e;
const CLOSE = 0x5d;
const HYPHEN = 0x2d;
const BACKSLASH = 0x5c;

/** @param start after the `[`. Gives the class and where its `]` is; undefined when it is broken. */
function parseClass(
  characters: readonly number[],
  start: number,
): { readonly class: CharacterClass; readonly end: number } | undefined {
  const negated = characters[start] === CARET;
  const ranges: [number, number][] = [];
  let at = negated ? start + 1 : start;
  /** One end of a range. Go wants `-`, and `]` at the first place, written with a `\`. */
  const bound = (): number | undefined => {
    const first = characters[at];
    if (first === undefined || first === HYPHEN || first === CLOSE) return undefined;
    at += first === BACKSLASH ? 2 : 1;
    return first === BACKSLASH ? characters[at - 1] : first;
  };
  while (characters[at] !== CLOSE || ranges.length === 0) {
    const low = bound();
    if (low === undefined) return undefined;
    let high: number | undefined = low;
    if (characters[at] === HYPHEN) {
      at++;
      high = bound();
    }
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  return { class: { negated, ranges }, end: at };
}
