import { accept, type Parsed } from "./parsed.ts";

/** A piece of a template. */
export type TemplatePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "placeholder"; readonly name: string; readonly argument: string };

/** Reads a text with placeholders (`{http.request.host}`, `{host}`). */
export function parseTemplate(text: string): Parsed<readonly TemplatePart[]> {
  return accept([{ type: "text", text }]);
}
