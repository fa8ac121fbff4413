import { compileGlob } from "./glob.ts";
import { decodePercent, foldCase } from "./path-reading.ts";

/**
 * A path pattern with `%` (Caddy): an encoding that stands in the pattern has to stand in the path, `/a%2fb` is
 * `/a%2Fb` and never `/a/b`. The rest of the path is decoded before it is compared. `%*` is any text within a
 * segment that is left encoded, so that `%2f` does not end it; `*` is decoded.
 *
 * Caddy minded capital letters here up to 2.10.2 (CVE-2026-27587), takes whatever follows the end of the pattern, and misses
 * an encoding at the start of a `*`; none of that is copied.
 * @param pattern in small letters. The result wants a path that is cleaned, in small letters, and not decoded.
 */
export function compileEscapedPath(pattern: string): (path: string) => boolean {
  const steps = parsePattern(pattern);
  const matches = compileGlob(steps.map(globOf).join(""));
  return (path) => {
    const text = readAlong(steps, path);
    return text !== undefined && matches(text);
  };
}

type Step =
  | { readonly type: "character"; readonly text: string }
  | { readonly type: "encoding"; readonly text: string }
  | { readonly type: "span"; readonly decoded: boolean };

function parsePattern(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const isRaw = characters[at] === "%" && characters[at + 1] === "*";
    if (isRaw) at++;
    if (characters[at] === "*") {
      if (steps.at(-1)?.type !== "span") steps.push({ type: "span", decoded: !isRaw });
    } else if (characters[at] === "%" && at + 2 < characters.length) {
      steps.push({ type: "encoding", text: characters.slice(at, at + 3).join("") });
      at += 2;
    } else {
      steps.push({ type: "character", text: characters[at] ?? "" });
    }
  }
  return steps;
}

function globOf(step: Step): string {
  return step.type === "span" ? "*" : step.text;
}

/** The path with everything decoded but what stands encoded in the pattern; undefined where they part. */
function readAlong(steps: readonly Step[], path: string): string | undefined {
  let text = "";
  let at = 0;
  for (const [number, step] of steps.entries()) {
    if (at >= path.length) break;
    switch (step.type) {
      case "span": {
        const end = endOfSpan(path, at, steps[number + 1]);
        if (end === undefined) return undefined;
        const span = path.slice(at, end);
        text += step.decoded ? decodePercent(span) : span;
        at = end;
        break;
      }
      case "encoding":
        if (!path.startsWith(step.text, at)) return undefined;
        text += step.text;
        at += step.text.length;
        break;
      case "character": {
        const isEncoded = path[at] === "%";
        const length = isEncoded ? encodedLength(path, at) : 1;
        text += isEncoded ? decodePercent(path.slice(at, at + length)) : (path[at] ?? "");
        at += length;
      }
    }
  }
  return at < path.length ? undefined : foldCase(text);
}

/** A span goes on to the first place where what follows it in the pattern stands, never within an encoding. */
function endOfSpan(path: string, start: number, next: Step | undefined): number | undefined {
  if (next === undefined || next.type === "span") return path.length;
  for (let at = start; at < path.length; at += path[at] === "%" ? 3 : 1) {
    if (path.startsWith(next.text, at)) return at;
  }
  return undefined;
}

/** The UTF-8 of one character, else one byte. */
const ENCODED_CHARACTER =
  /^%(?:[0-7][0-9a-f]|[cd][0-9a-f]%[89ab][0-9a-f]|e[0-9a-f](?:%[89ab][0-9a-f]){2}|f[0-7](?:%[89ab][0-9a-f]){3}|[0-9a-f]{2})/;
const LONGEST_CHARACTER = 12;

function encodedLength(path: string, at: number): number {
  return ENCODED_CHARACTER.exec(path.slice(at, at + LONGEST_CHARACTER))?.[0].length ?? 1;
}
