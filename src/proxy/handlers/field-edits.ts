import type { FieldEdits, FieldValue } from "../../config/routes-model.ts";
import { isToken } from "../../core/fields.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import { compileReplacement, type Replacement } from "./replacement.ts";

export { type AnswerSource, type AppliedEdits, applyAnswerEdits } from "./answer-edits.ts";

/** Edits of fields, compiled: nothing is parsed when they are applied. */
export interface CompiledEdits {
  /** True when no edit has a placeholder. */
  readonly isConstant: boolean;
  /** Edits in place, in Caddy's order: add, set, remove, replace, and last what is set only where it is absent. */
  apply(headers: Headers, session: GatewaySession): void;
  /** The same edits with the values that their placeholders have now. */
  resolve(session: GatewaySession): CompiledEdits;
}

export function compileFieldEdits(edits: FieldEdits): CompiledEdits {
  return new Edits({
    add: edits.add.map(compileField),
    set: edits.set.map(compileField),
    remove: edits.remove.map(compileTemplate),
    replace: edits.replace.map(({ field, regexp, with: text }) => ({
      field: compileTemplate(field),
      regexp: new RegExp(regexp, "g"),
      replacement: compileReplacement(text),
    })),
    default: edits.default.map(compileField),
  });
}

/**
 * Fields that say how the message is framed or what its connection does. Whoever set or took one would break the
 * message, so they are left alone, whatever a configuration or a pattern such as `*` says.
 */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** False for what is no name of a field, and for what must be left alone. */
function isEditable(field: string): boolean {
  return isToken(field) && !FRAMING.has(field.toLowerCase());
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSENDABLE = /[^\t\u0020-\u007e\u0080-\u00ff]/g;

/**
 * A value that can be sent: control characters, of which CR and LF would end the field, are blanks (Go does so with
 * line ends). Values come out of requests too.
 */
export function sendableValue(value: string): string {
  return value.replace(UNSENDABLE, " ");
}

/** Sets a field to a value that may have come out of a request. Never throws, never makes two fields of one. */
export function setField(headers: Headers, field: string, value: string): void {
  if (isEditable(field)) headers.set(field, sendableValue(value));
}

interface CompiledField {
  readonly field: Template;
  readonly value: Template;
}

interface CompiledReplacement {
  readonly field: Template;
  readonly regexp: RegExp;
  readonly replacement: Replacement;
}

interface EditLists {
  readonly add: readonly CompiledField[];
  readonly set: readonly CompiledField[];
  readonly remove: readonly Template[];
  readonly replace: readonly CompiledReplacement[];
  readonly default: readonly CompiledField[];
}

class Edits implements CompiledEdits {
  readonly isConstant: boolean;
  readonly #lists: EditLists;

  constructor(lists: EditLists) {
    this.#lists = lists;
    const fields = [...lists.add, ...lists.set, ...lists.default].flatMap(({ field, value }) => [field, value]);
    // Those that replace look at values which are not there yet: they are never resolved.
    this.isConstant = [...fields, ...lists.remove].every(({ constant }) => constant !== undefined);
  }

  apply(headers: Headers, session: GatewaySession): void {
    const lists = this.#lists;
    for (const { field, value } of lists.add) {
      const name = field.of(session, headers);
      if (isEditable(name)) headers.append(name, sendableValue(value.of(session, headers)));
    }
    for (const { field, value } of lists.set) {
      setField(headers, field.of(session, headers), value.of(session, headers));
    }
    for (const field of lists.remove) removeFields(headers, field.of(session, headers).toLowerCase());
    for (const { field, regexp, replacement } of lists.replace) {
      const edit = (text: string): string => replacement.replaceIn(text, regexp, session, headers);
      replaceFields(headers, field.of(session, headers).toLowerCase(), edit);
    }
    for (const { field, value } of lists.default) {
      const name = field.of(session, headers);
      if (isToken(name) && !headers.has(name)) setField(headers, name, value.of(session, headers));
    }
  }

  resolve(session: GatewaySession): CompiledEdits {
    const now = ({ field, value }: CompiledField): CompiledField => ({
      field: valueNow(field, session),
      value: valueNow(value, session),
    });
    const { add, set, remove, replace } = this.#lists;
    return new Edits({
      add: add.map(now),
      set: set.map(now),
      remove: remove.map((field) => valueNow(field, session)),
      replace,
      default: this.#lists.default.map(now),
    });
  }
}

function compileField({ field, value }: FieldValue): CompiledField {
  return { field: compileTemplate(field), value: compileTemplate(value) };
}

function valueNow(template: Template, session: GatewaySession): Template {
  if (template.constant !== undefined) return template;
  const value = template.of(session);
  return { constant: value, of: () => value };
}

/** @param pattern in small letters; `*` at either end is anything */
function removeFields(headers: Headers, pattern: string): void {
  if (!pattern.includes("*")) {
    if (isEditable(pattern)) headers.delete(pattern);
    return;
  }
  const [atStart, atEnd] = [pattern.startsWith("*"), pattern.endsWith("*")];
  const text = pattern.slice(atStart ? 1 : 0, atEnd && pattern.length > 1 ? -1 : undefined);
  for (const name of namesOf(headers)) {
    const matches =
      atStart && atEnd ? name.includes(text) : atStart ? name.endsWith(text) : atEnd && name.startsWith(text);
    if (matches && !FRAMING.has(name)) headers.delete(name);
  }
}

/** @param field in small letters; `*` is every field */
function replaceFields(headers: Headers, field: string, edit: (value: string) => string): void {
  for (const name of field === "*" ? namesOf(headers) : [field]) {
    if (!isEditable(name)) continue;
    if (name === "set-cookie") {
      const lines = headers.getSetCookie();
      headers.delete(name);
      for (const line of lines) headers.append(name, sendableValue(edit(line)));
      continue;
    }
    const value = headers.get(name);
    const edited = value === null ? undefined : edit(value);
    if (edited !== undefined && edited !== value) headers.set(name, sendableValue(edited));
  }
}

function namesOf(headers: Headers): ReadonlySet<string> {
  return new Set(headers.keys());
}
