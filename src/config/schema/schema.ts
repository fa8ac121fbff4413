import { placeOf, type DocNode } from "../document.ts";
import type { Kind } from "../kinds.ts";
import type { Field } from "./object.ts";
import { itemSite, keySite, reportForm, type Site } from "./site.ts";

/** What may stand in a place of a file: how it is read, and enough about it for docs and editors. */
export interface Schema<T> {
  readonly shape: Shape;
  /** Undefined: something is wrong with it, and that was reported. It never throws for what a person wrote. */
  read(node: DocNode, site: Site): T | undefined;
}

/** The form of a value as docs and editors need it. */
export type Shape =
  | { readonly type: "scalar"; readonly kind: Kind<unknown> }
  | { readonly type: "list"; readonly item: Schema<unknown>; readonly mayBeEmpty: boolean }
  /** A list, of which a single item may stand without the brackets. */
  | { readonly type: "one_or_many"; readonly item: Schema<unknown>; readonly mayBeEmpty: boolean }
  /** Keys of one's own choice. */
  | { readonly type: "map"; readonly key: Kind<unknown>; readonly value: Schema<unknown> }
  | ObjectShape
  /** Several forms, told apart by being a plain value, a list or keys. */
  | { readonly type: "forms"; readonly forms: readonly Schema<unknown>[] }
  /** Breaks a circle. */
  | { readonly type: "lazy"; readonly target: () => Schema<unknown> };

/** A fixed set of keys. */
export interface ObjectShape {
  readonly type: "object";
  /** Its heading in the docs and its name in the JSON Schema. */
  readonly name: string;
  readonly doc: string;
  readonly fields: Readonly<Record<string, Field<unknown>>>;
  readonly exclusive: readonly Exclusion[];
  /** Keys of which at least one has to stand. */
  readonly anyOf: readonly string[] | undefined;
}

/** Keys of which at most one may stand. */
export interface Exclusion {
  readonly keys: readonly string[];
  /** The end of the sentence that says so. */
  readonly why?: string;
  /** The key that the problem is shown at; default: the later one. */
  readonly at?: string;
}

/** A list; the wrong items of it are reported and left out. */
export function list<T>(item: Schema<T>, options: { readonly mayBeEmpty?: true } = {}): Schema<readonly T[]> {
  const mayBeEmpty = options.mayBeEmpty === true;
  return {
    shape: { type: "list", item, mayBeEmpty },
    read: (node, site) => {
      if (node.type === "list") return readItems(node.items, node, item, site, mayBeEmpty);
      if (node.type === "null") return reportForm(node, site, "the value is missing", expectedOf(item));
      return reportForm(node, site, `this is ${formOf(node)}, not a list`, `a list, each item ${expectedOf(item)}`);
    },
  };
}

/** A list, or one item of it alone. */
export function oneOrMany<T>(item: Schema<T>, options: { readonly mayBeEmpty?: true } = {}): Schema<readonly T[]> {
  const mayBeEmpty = options.mayBeEmpty === true;
  return {
    shape: { type: "one_or_many", item, mayBeEmpty },
    read: (node, site) => {
      if (node.type === "list") return readItems(node.items, node, item, site, mayBeEmpty);
      const value = item.read(node, site);
      return value === undefined ? undefined : [value];
    },
  };
}

function readItems<T>(
  items: readonly DocNode[],
  node: DocNode,
  item: Schema<T>,
  site: Site,
  mayBeEmpty: boolean,
): readonly T[] | undefined {
  if (items.length === 0 && !mayBeEmpty) return reportForm(node, site, "the list is empty", expectedOf(item));
  const values: T[] = [];
  for (const [index, each] of items.entries()) {
    if (site.decoding.isBroken(each)) continue;
    const value = item.read(each, itemSite(site, index));
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** One key of a map. */
export interface MapEntry<K, V> {
  readonly key: K;
  readonly value: V;
}

/** Keys of one's own choice, all with the same kind of value. Keys that differ in case alone are the same when `anyCase`. */
export function map<K, V>(
  key: Kind<K>,
  value: Schema<V>,
  options: { readonly anyCase?: true } = {},
): Schema<readonly MapEntry<K, V>[]> {
  const expected = `${key.valueName} with its value`;
  return {
    shape: { type: "map", key, value },
    read: (node, site) => {
      if (node.type === "null") return reportForm(node, site, "the value is missing", expected);
      if (node.type !== "map") {
        return reportForm(node, site, `this is ${formOf(node)}, not keys with values`, expected);
      }
      if (node.entries.length === 0) return reportForm(node, site, "there is nothing in it", expected);
      const { decoding } = site;
      const seen = new Map<string, string>();
      const entries: MapEntry<K, V>[] = [];
      for (const entry of node.entries) {
        const below = keySite(site, entry.key, entry.keySpan);
        const place = placeOf(entry.keySpan, below.path);
        const parsed = key.parse(entry.key);
        const same = options.anyCase === true ? entry.key.toLowerCase() : entry.key;
        const other = seen.get(same);
        seen.set(same, entry.key);
        if (!parsed.ok) {
          const help = parsed.suggestion === undefined ? {} : { help: `did you mean ${parsed.suggestion}?` };
          decoding.report(place, parsed.fault, { seen: entry.key, expected: key.expected, ...help });
        } else if (other !== undefined) {
          const message = `it is there twice, as ${other} too: case does not count`;
          decoding.report(place, message, { seen: entry.key, expected: "each key once" });
        }
        if (decoding.isBroken(entry.value)) continue;
        const read = value.read(entry.value, below);
        if (parsed.ok && read !== undefined) entries.push({ key: parsed.value, value: read });
      }
      return entries;
    },
  };
}

/** One of several forms, told apart by being a plain value, a list or keys. */
export function forms<T>(...members: readonly Schema<T>[]): Schema<T> {
  return {
    shape: { type: "forms", forms: members },
    read: (node, site) => {
      const form = node.type === "list" || node.type === "map" ? node.type : "scalar";
      const found = members.find((each) => takes(each.shape, form));
      if (found !== undefined && node.type !== "null") return found.read(node, site);
      const expected = alternatives(members);
      if (node.type === "null") return reportForm(node, site, "the value is missing", expected);
      return reportForm(node, site, `this is ${formOf(node)}`, expected);
    },
  };
}

/** A schema that refers to itself in the end. */
export function lazy<T>(target: () => Schema<T>): Schema<T> {
  return { shape: { type: "lazy", target }, read: (node, site) => target().read(node, site) };
}

/** What is made of a value that was read rightly; undefined when it is not right after all, which is reported. */
export function made<T, U>(schema: Schema<T>, make: (value: T, site: Site) => U | undefined): Schema<U> {
  return {
    shape: schema.shape,
    read: (node, site) => {
      const value = schema.read(node, site);
      return value === undefined ? undefined : make(value, site);
    },
  };
}

function takes(shape: Shape, form: "scalar" | "list" | "map"): boolean {
  switch (shape.type) {
    case "scalar":
      return form === "scalar";
    case "list":
      return form === "list";
    case "one_or_many":
      return form === "list" || takes(shape.item.shape, form);
    case "map":
    case "object":
      return form === "map";
    case "forms":
      return shape.forms.some((each) => takes(each.shape, form));
    case "lazy":
      return takes(shape.target().shape, form);
    default:
      return shape satisfies never;
  }
}

/** What would be right, in words. */
export function expectedOf({ shape }: Schema<unknown>): string {
  switch (shape.type) {
    case "scalar":
      return shape.kind.expected;
    case "list":
      return `a list of ${expectedOf(shape.item)}`;
    case "one_or_many":
      return expectedOf(shape.item);
    case "map":
      return `keys, each ${shape.key.expected}`;
    case "object": {
      const names = Object.keys(shape.fields);
      return names.length === 1 ? `the key ${names.join()}` : `keys such as ${names.slice(0, 4).join(", ")}`;
    }
    case "forms":
      return alternatives(shape.forms);
    case "lazy":
      return expectedOf(shape.target());
    default:
      return shape satisfies never;
  }
}

function alternatives(schemas: readonly Schema<unknown>[]): string {
  return [...new Set(schemas.map(expectedOf))].join("; or ");
}

/** What a node is, after "this is". */
export function formOf(node: DocNode): string {
  switch (node.type) {
    case "map":
      return "a set of keys";
    case "boolean":
      return "true or false";
    case "null":
      return "nothing";
    case "word":
      return "a word";
    case "list":
    case "number":
    case "text":
      return `a ${node.type}`;
    default:
      return node satisfies never;
  }
}
