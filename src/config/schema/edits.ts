import type { FieldEdits, FieldReplacement, FieldValue } from "../model.ts";
import { TEMPLATE } from "./action-kinds.ts";
import { EDIT_FIELD, FIELD_VALUE, REMOVE_FIELD, SET_FIELD } from "./field-kinds.ts";
import { REGEXP } from "./match-kinds.ts";
import { field, object, type Filled } from "./object.ts";
import { scalar } from "./scalar.ts";
import { made, map, oneOrMany, type Schema } from "./schema.ts";
import { SWITCH } from "../kinds.ts";
import { isToken } from "../../core/fields.ts";

const NONE = { words: "none" } as const;

/** One value for each field. */
const SINGLE: Schema<readonly FieldValue[]> = made(map(SET_FIELD, scalar(FIELD_VALUE), { anyCase: true }), (entries) =>
  entries.map(({ key, value }) => ({ field: key, value: value.value })),
);

/** One value or several for each field. */
const MANY: Schema<readonly FieldValue[]> = made(
  map(SET_FIELD, oneOrMany(scalar(FIELD_VALUE)), { anyCase: true }),
  (entries) => entries.flatMap(({ key, value }) => value.map((each) => ({ field: key, value: each.value }))),
);

const REPLACEMENT = object(
  "header replacement",
  { doc: "A replacement within the values of a header field." },
  {
    regexp: field(scalar(REGEXP), {
      doc: "What is looked for, as JavaScript has regular expressions",
      absent: "required",
    }),
    with: field(scalar(TEMPLATE), { doc: "What takes its place; `$1` is the first group", absent: "required" }),
  },
  ({ values: { regexp, with: replacement } }) =>
    regexp && replacement && { regexp: regexp.value, with: replacement.value },
);

const REPLACE: Schema<readonly FieldReplacement[]> = made(
  map(EDIT_FIELD, oneOrMany(REPLACEMENT), { anyCase: true }),
  (entries) => entries.flatMap(({ key, value }) => value.map((each) => ({ field: key, ...each }))),
);

const REQUEST_EDITS = {
  add: field(MANY, { doc: "Fields that are added beside those there are; one value or a list", absent: NONE }),
  set: field(SINGLE, { doc: "Fields that are set, in place of those there are", absent: NONE }),
  remove: field(
    made(oneOrMany(scalar(REMOVE_FIELD)), (given) => given.map((each) => each.value)),
    { doc: "Fields that are removed; `*` at either end of a name is anything", absent: NONE },
  ),
  replace: field(REPLACE, {
    doc: "Replacements within the values of fields, one or a list for each; the field `*` is every one",
    absent: NONE,
  }),
};

const ANSWER_EDITS = {
  ...REQUEST_EDITS,
  default: field(SINGLE, { doc: "Fields that are set where the answer has none of that name", absent: NONE }),
};

/** An object that was read, as edits. */
function editsOf(filled: Filled<typeof REQUEST_EDITS>, standard: readonly FieldValue[] = []): FieldEdits {
  const { add = [], set = [], remove = [], replace = [] } = filled.values;
  return { add, set, remove, replace, default: standard };
}

const ORDER = "They are made in the order add, set, remove, replace.";

/** `header: { X-A: v }` was meant to set. */
function meantField(names: readonly string[]): (key: string) => string | undefined {
  return (key) => (/[A-Z-]/.test(key) && isToken(key) && !names.includes(key) ? `set: { ${key}: ... }` : undefined);
}

/** Edits of what a request holds. */
export const REQUEST_FIELD_EDITS: Schema<FieldEdits> = object(
  "request header edits",
  {
    doc: `Edits of header fields sent upstream. ${ORDER}`,
    anyOf: Object.keys(REQUEST_EDITS),
    meant: meantField(Object.keys(REQUEST_EDITS)),
  },
  REQUEST_EDITS,
  (filled) => editsOf(filled),
);

/** Edits of what the upstream answered. */
export const UPSTREAM_ANSWER_EDITS: Schema<FieldEdits> = object(
  "upstream answer edits",
  {
    doc: `Edits of the header fields of an upstream's answer. ${ORDER}`,
    anyOf: Object.keys(ANSWER_EDITS),
    meant: meantField(Object.keys(ANSWER_EDITS)),
  },
  ANSWER_EDITS,
  (filled) => editsOf(filled, filled.values.default),
);

/** Edits of what the client gets. */
export const ANSWER_FIELD_EDITS: Schema<{ readonly edits: FieldEdits; readonly deferred: boolean }> = object(
  "answer header edits",
  {
    doc: `Edits of the header fields of the answer, whoever made it. ${ORDER}`,
    anyOf: Object.keys(ANSWER_EDITS),
    meant: meantField([...Object.keys(ANSWER_EDITS), "defer"]),
  },
  {
    ...ANSWER_EDITS,
    defer: field(scalar(SWITCH), {
      doc: "Make them when the answer is there, so that they also edit what came from upstream",
      absent: { words: "true with remove or default, otherwise false" },
    }),
  },
  (filled) => ({
    edits: editsOf(filled, filled.values.default),
    deferred: filled.values.defer?.value ?? waits(filled),
  }),
);

/** Caddy's rule: what could find nothing yet waits for the answer. */
function waits(filled: Filled<typeof ANSWER_EDITS>): boolean {
  return filled.has("remove") || filled.has("default");
}
