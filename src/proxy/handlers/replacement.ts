import { parseTemplate, type TemplatePart } from "../../core/template.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileParts, type Template } from "../template.ts";

/**
 * What stands in the place of what a regular expression found: a template in which `$1`, `${1}` and `$name` are groups
 * and `$$` is a dollar. A placeholder's value is taken as it is: a dollar in it is a dollar. (Go, and so Caddy, reads
 * `$1x` as a group called `1x`, which there never is; here it is group 1 with an x behind.)
 */
export interface Replacement {
  /** @param regexp global for all matches */
  replaceIn(text: string, regexp: RegExp, session: GatewaySession, answer?: Headers): string;
}

type Piece = { readonly type: "text"; readonly template: Template } | { readonly type: "group"; readonly name: string };

const GROUP = /\$(?:\$|(\d+)|([A-Za-z_]\w*)|\{(\w+)\})/g;

/** Compiles a checked text. */
export function compileReplacement(text: string): Replacement {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new Error(`an unchecked template: ${parsed.fault}`);
  const pieces = parsed.value.flatMap(piecesOf);
  return {
    replaceIn(subject, regexp, session, answer) {
      return subject.replace(regexp, (...found: readonly unknown[]) => expand(pieces, found, session, answer));
    },
  };
}

function piecesOf(part: TemplatePart): readonly Piece[] {
  if (part.type === "placeholder") return [{ type: "text", template: compileParts([part]) }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of part.text.matchAll(GROUP)) {
    const name = found[1] ?? found[2] ?? found[3];
    pieces.push(literal(part.text.slice(end, found.index) + (name === undefined ? "$" : "")));
    if (name !== undefined) pieces.push({ type: "group", name });
    end = found.index + found[0].length;
  }
  pieces.push(literal(part.text.slice(end)));
  return pieces;
}

function literal(text: string): Piece {
  return { type: "text", template: compileParts([{ type: "text", text }]) };
}

/** @param found what `String.replace` tells: the match, its groups, its place, the subject, and named groups if any */
function expand(
  pieces: readonly Piece[],
  found: readonly unknown[],
  session: GatewaySession,
  answer: Headers | undefined,
): string {
  let text = "";
  for (const piece of pieces) {
    text += piece.type === "text" ? piece.template.of(session, answer) : groupOf(found, piece.name);
  }
  return text;
}

function groupOf(found: readonly unknown[], name: string): string {
  const named = found.at(-1);
  if (typeof named === "object" && named !== null) {
    if (name in named) return String((named as Readonly<Record<string, unknown>>)[name] ?? "");
  }
  const count = found.findIndex((value) => typeof value === "number");
  const group = /^\d+$/.test(name) && Number(name) < count ? found[Number(name)] : undefined;
  return typeof group === "string" ? group : "";
}
