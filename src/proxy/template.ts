import { parseTemplate, type TemplatePart } from "../core/template.ts";
import { bytesOfText } from "./bytes.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { READERS, type Reader } from "./placeholders.ts";

/** A compiled text with placeholders. What it gives stands for bytes: each char is one, as in header fields. */
export interface Template {
  /** The text, where it has no placeholders. */
  readonly constant: string | undefined;
  /** `answer`: the fields of the answer, where it is there already. */
  of(session: GatewaySession, answer?: Headers): string;
}

/** Compiles a text that the configuration has checked. */
export function compileTemplate(text: string): Template {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new Error(`an unchecked template: ${parsed.fault}`);
  return compileParts(parsed.value);
}

/** The same for a template that was taken apart. */
export function compileParts(parts: readonly TemplatePart[]): Template {
  if (parts.every((part) => part.type === "text")) return constantTemplate(parts.map(({ text }) => text).join(""));
  const pieces = parts.map((part) =>
    part.type === "text" ? bytesOfText(part.text) : READERS[part.name](part.argument),
  );
  const [first] = pieces;
  if (pieces.length === 1 && typeof first === "function") {
    return { constant: undefined, of: (session, answer) => first(session, answer) };
  }
  return { constant: undefined, of: (session, answer) => joined(pieces, session, answer) };
}

export function constantTemplate(text: string): Template {
  const constant = bytesOfText(text);
  return { constant, of: () => constant };
}

function joined(pieces: readonly (string | Reader)[], session: GatewaySession, answer: Headers | undefined): string {
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : piece(session, answer);
  return text;
}
