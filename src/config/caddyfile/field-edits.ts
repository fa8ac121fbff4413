import type { DocEntry, DocMap, DocNode } from "../document.ts";
import { entry, listNode, mapNode, oneOrMore, textNode, wordNode } from "./nodes.ts";
import { regexpOf } from "./regexp-node.ts";
import { translateReplacement } from "./replacement.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** `replace` edits a request, `?` and `>` are for answers alone. */
export type EditedSide = "request" | "answer";

interface Field<T> {
  readonly at: Token;
  readonly edits: T[];
}

/** Edits of header fields, as lines of a Caddyfile tell them one by one. */
export class FieldEdits {
  /** Some edit can only be made when the answer is there, and the others of its block go with it (Caddy). */
  isDeferred = false;
  readonly #report: Report;
  readonly #side: EditedSide;
  readonly #set = new Map<string, Field<DocNode>>();
  readonly #add = new Map<string, Field<DocNode>>();
  readonly #remove: DocNode[] = [];
  readonly #replace = new Map<string, Field<DocNode>>();
  readonly #default = new Map<string, Field<DocNode>>();

  constructor(side: EditedSide, report: Report) {
    this.#side = side;
    this.#report = report;
  }

  /** Takes `[+-?>]FIELD [VALUE|FIND [REPLACE]]`. */
  take(words: readonly Token[]): void {
    const [first, value, replacement, extra] = words;
    if (first === undefined) return;
    if (extra !== undefined) {
      const expected = "FIELD VALUE, or FIELD FIND REPLACE; a text with spaces stands in quotes";
      this.#report.error(extra, "an edit has three words at most", { expected });
      return;
    }
    const mark = /^[+\-?>]/.exec(first.text)?.[0] ?? "";
    // People write a colon as in HTTP; Caddy takes it off too.
    const field = { ...first, text: first.text.slice(mark.length).replace(/:$/, "") };
    if (field.text === "") {
      this.#report.error(first, "the name of a field is missing", { expected: "FIELD VALUE" });
    } else if ((mark === "?" || mark === ">") && this.#side === "request") {
      const help = mark === "?" ? "set it with a matcher: not header FIELD *" : `did you mean ${field.text}?`;
      this.#report.error(first, `${mark} is for fields of answers`, { help });
    } else if (mark === "-") this.#takeRemoval(field, value);
    else if (replacement !== undefined && (mark === "" || mark === ">")) {
      this.#takeReplacement(field, value ?? field, replacement);
    } else if (replacement !== undefined) {
      this.#report.error(replacement, `${mark}FIELD has one value`, { expected: "a text with spaces in quotes" });
    } else this.#takeValue(mark, field, value);
    if (mark === "-" || mark === ">") this.isDeferred = true;
  }

  /** The edits, as a route has them. */
  entries(): readonly DocEntry[] {
    const groups: [string, ReadonlyMap<string, Field<DocNode>>][] = [
      ["add", this.#add],
      ["set", this.#set],
      ["replace", this.#replace],
      ["default", this.#default],
    ];
    const entries = groups.flatMap(([key, fields]) => {
      const [first] = fields.values();
      return first === undefined ? [] : [entry(key, first.at, fieldsNode(fields, first.at))];
    });
    const [removed] = this.#remove;
    if (removed === undefined) return entries;
    const removal = { key: "remove", keySpan: removed.span, value: oneOrMore(this.#remove, removed.span) };
    const before = entries.filter(({ key }) => key === "add" || key === "set");
    return [...before, removal, ...entries.slice(before.length)];
  }

  #takeRemoval(field: Token, value: Token | undefined): void {
    this.#remove.push(textNode(field));
    if (value !== undefined) this.#report.error(value, "a field that is removed has no value");
  }

  #takeValue(mark: string, field: Token, value: Token | undefined): void {
    const node = textNode(value ?? field, value?.text ?? "");
    if (mark === "+") push(this.#add, field, node);
    // Of several the last one holds.
    else put(mark === "?" ? this.#default : this.#set, field, node);
  }

  #takeReplacement(field: Token, find: Token, replacement: Token): void {
    const regexp = regexpOf(find, this.#report);
    if (regexp === undefined) return;
    const text = translateReplacement(replacement.text, regexp.groups);
    if (!text.ok) {
      this.#report.error(replacement, text.fault, { expected: "$1 for the first group" });
      return;
    }
    const entries = [
      entry("regexp", find, textNode(find, regexp.pattern)),
      entry("with", replacement, textNode(replacement, text.value)),
    ];
    push(this.#replace, field, mapNode(entries, find.span));
  }
}

function push(fields: Map<string, Field<DocNode>>, at: Token, value: DocNode): void {
  const known = fields.get(at.text.toLowerCase());
  if (known === undefined) fields.set(at.text.toLowerCase(), { at, edits: [value] });
  else known.edits.push(value);
}

function put(fields: Map<string, Field<DocNode>>, at: Token, value: DocNode): void {
  const known = fields.get(at.text.toLowerCase());
  fields.set(at.text.toLowerCase(), { at: known?.at ?? at, edits: [value] });
}

function fieldsNode(fields: ReadonlyMap<string, Field<DocNode>>, at: Token): DocMap {
  const entries = [...fields.values()].map(({ at: field, edits }) => {
    return entry(field.text, field, edits.length === 1 ? (edits[0] ?? wordNode(field)) : listNode(edits, field.span));
  });
  return mapNode(entries, at.span);
}
