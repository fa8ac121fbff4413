import { isAnswerHopByHop } from "../../core/fields.ts";

/** What a field says to the client itself, or of this connection alone; the rest is for whoever the answer goes to. */
export type FieldRole = "connection" | "keep-alive" | "content-length" | "transfer-encoding" | "hop-by-hop" | "other";

/** A field as one of the last answers had it. */
export interface KnownField {
  readonly name: string;
  readonly role: FieldRole;
  value: string;
}

/** No more fields than so many are remembered. */
const MOST_FIELDS = 64;
/** Nothing of a longer head is remembered: it would stay in memory. */
export const MOST_HEAD_CHARS = 4096;

/**
 * The fields of a peer's last answers. A peer sends nearly the same head each time: a name, or a whole field, that
 * stands in it again needs no new strings, which cost more than all the rest of reading it.
 */
export class KnownFields {
  readonly #byKey = new Map<number, KnownField>();

  /** The field of that name, should it be known, whatever its value. The name is taken as written, case and all. */
  find(text: string, start: number, colon: number): KnownField | undefined {
    const field = this.#byKey.get(keyOf(text, start, colon));
    return field !== undefined && field.name.length === colon - start && text.startsWith(field.name, start)
      ? field
      : undefined;
  }

  /** Remembers a field whose name was found good. Gives it in any case. */
  learn(text: string, start: number, colon: number, value: string): KnownField {
    const name = text.slice(start, colon);
    const field = { name, role: roleOf(name), value };
    if (text.length > MOST_HEAD_CHARS || isSecret(name)) return field;
    const key = keyOf(text, start, colon);
    if (this.#byKey.size < MOST_FIELDS || this.#byKey.has(key)) this.#byKey.set(key, field);
    return field;
  }
}

/** By its length, its first and its last letter, so that no string has to be made to look for it. */
function keyOf(text: string, start: number, colon: number): number {
  return ((colon - start) << 16) | (text.charCodeAt(start) << 8) | text.charCodeAt(colon - 1);
}

function roleOf(name: string): FieldRole {
  const lower = name.toLowerCase();
  switch (lower) {
    case "connection":
    case "keep-alive":
    case "content-length":
    case "transfer-encoding":
      return lower;
  }
  return isAnswerHopByHop(lower) ? "hop-by-hop" : "other";
}

/** What is for one client is not kept. */
function isSecret(name: string): boolean {
  return name.length === 10 && name.toLowerCase() === "set-cookie";
}
