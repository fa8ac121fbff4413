import type { SourceText } from "../source-text.ts";
import type { Span } from "../document.ts";

/** A file's text with `{$NAME}` filled in, which knows where each part of it stands in the file. */
export interface FilledText {
  readonly text: string;
  /** What was filled in, in order. */
  readonly fills: readonly Fill[];
  /** The place in the file of a part of the filled text. */
  span(start: number, end: number): Span;
}

/** One `{$NAME}` that was filled in. */
export interface Fill {
  readonly name: string;
  /** In the filled text. */
  readonly start: number;
  readonly end: number;
  /** In the file. */
  readonly fileStart: number;
  readonly fileEnd: number;
  /** Neither the variable nor a default was there: nothing stands in its place (Caddy). */
  readonly isUnset: boolean;
}

/** Fills in `{$NAME}` and `{$NAME:default}`, before anything else is read: a value may hold several words (Caddy). */
export function fillEnvironment(source: SourceText, env: (name: string) => string | undefined): FilledText {
  const fills: Fill[] = [];
  let text = "";
  let at = 0;
  for (const match of source.text.matchAll(/\{\$([^}]+)\}/g)) {
    const [written, inner = ""] = match;
    const colon = inner.indexOf(":");
    const name = colon < 0 ? inner : inner.slice(0, colon);
    const value = env(name) ?? (colon < 0 ? undefined : inner.slice(colon + 1));
    text += source.text.slice(at, match.index);
    const start = text.length;
    text += value ?? "";
    at = match.index + written.length;
    fills.push({ name, start, end: text.length, fileStart: match.index, fileEnd: at, isUnset: value === undefined });
  }
  text += source.text.slice(at);
  return {
    text,
    fills,
    span: (start, end) => ({ source, start: inFile(fills, start, "start"), end: inFile(fills, end, "end") }),
  };
}

/** An offset of the filled text in the file; inside of what was filled in it is the start or the end of that. */
function inFile(fills: readonly Fill[], offset: number, side: "start" | "end"): number {
  let shift = 0;
  for (const fill of fills) {
    const isBefore = side === "start" ? offset < fill.start : offset <= fill.start;
    if (isBefore) break;
    const isInside = side === "start" ? offset < fill.end : offset <= fill.end;
    if (isInside) return side === "start" ? fill.fileStart : fill.fileEnd;
    shift = fill.fileEnd - fill.end;
  }
  return offset + shift;
}
