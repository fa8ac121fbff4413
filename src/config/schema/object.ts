import { nearest } from "../../core/nearest.ts";
import { placeOf, type DocEntry, type DocMap } from "../document.ts";
import { keyPath } from "../key-path.ts";
import type { Place } from "../problem.ts";
import { expectedOf, formOf, type Exclusion, type Schema, type Shape } from "./schema.ts";
import { keySite, reportForm, type ProblemExtra, type Site } from "./site.ts";

/** One key of an object. */
export interface Field<T> {
  readonly schema: Schema<T>;
  /** What it does, in a line. */
  readonly doc: string;
  /** What holds when it is not there: a value as it is written, words, or nothing that could stand in for it. */
  readonly absent: { readonly default: string } | { readonly words: string } | "required";
  /** Has no meaning without that other key. */
  readonly needs?: string;
  /** `null` is as good as leaving it out. */
  readonly nullable?: true;
  /** A value that it takes, as JSON; default: made from its schema. */
  readonly example?: unknown;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The right values of an object, in the order of the file. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<infer T> ? T : never) | undefined;
};

/** An object that was read. */
export interface Filled<F extends Fields> {
  /** What was right. */
  readonly values: Values<F>;
  readonly site: Site;
  /** Of the key that the object stands under, or of the object. */
  readonly place: Place;
  /** True when the key is there, rightly or wrongly. */
  has(key: keyof F & string): boolean;
  /** The place of a key that is there. */
  placeOf(key: keyof F & string): Place;
  /** Reports a problem with a key that is there. */
  report(key: keyof F & string, message: string, extra?: ProblemExtra): void;
}

/** What is said of an object as a whole. */
export interface ObjectOptions {
  readonly doc: string;
  readonly exclusive?: readonly Exclusion[];
  readonly anyOf?: readonly string[];
  /** What is said when none of `anyOf` is there, and what would be right. */
  readonly nothing?: readonly [message: string, expected: string];
  /** What an unknown key was meant to be, where it is not the nearest of the keys; as the end of a help. */
  readonly meant?: (key: string) => string | undefined;
  /** What helps when nothing is near an unknown key. */
  readonly fallback?: string;
}

/** A fixed set of keys, and what is made of them. `name` is its heading in the docs. */
export function object<F extends Fields, T>(
  name: string,
  options: ObjectOptions,
  fields: F,
  make: (filled: Filled<F>) => T | undefined,
): Schema<T> {
  const { doc, exclusive = [], anyOf } = options;
  const shape: Shape = { type: "object", name, doc, fields, exclusive, anyOf };
  const schema: Schema<T> = {
    shape,
    read: (node, site) => {
      if (node.type === "null") return reportForm(node, site, "the value is missing", expectedOf(schema));
      if (node.type !== "map") {
        return reportForm(node, site, `this is ${formOf(node)}, not keys with values`, expectedOf(schema));
      }
      const reader = new ObjectReader<F>(node, site, fields);
      reader.readEntries(options);
      reader.checkRules(options);
      return make(reader);
    },
  };
  return schema;
}

class ObjectReader<F extends Fields> implements Filled<F> {
  readonly site: Site;
  readonly #node: DocMap;
  readonly #fields: F;
  readonly #values: Record<string, unknown> = {};
  readonly #there = new Map<string, DocEntry>();
  #hasUnknown = false;

  constructor(node: DocMap, site: Site, fields: F) {
    this.#node = node;
    this.site = site;
    this.#fields = fields;
  }

  get values(): Values<F> {
    return this.#values as Values<F>;
  }

  get place(): Place {
    const { keySpan, isItem, path } = this.site;
    return placeOf(keySpan === undefined || isItem ? this.#node.span : keySpan, path === "" ? undefined : path);
  }

  has(key: string): boolean {
    return this.#there.has(key);
  }

  /** It stands there by its own name, not by another that may have meant it. */
  #isWritten(key: string): boolean {
    return this.#there.get(key)?.key === key;
  }

  placeOf(key: string): Place {
    return placeOf(this.#there.get(key)?.keySpan ?? this.#node.span, keyPath(this.site.path, key));
  }

  report(key: string, message: string, extra: ProblemExtra = {}): void {
    this.site.decoding.report(this.placeOf(key), message, extra);
  }

  readEntries(options: ObjectOptions): void {
    const { decoding } = this.site;
    for (const entry of this.#node.entries) {
      const { key, keySpan, value } = entry;
      const field = Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
      if (field === undefined) {
        this.#unknown(entry, options);
        continue;
      }
      if (value.type === "null" && field.nullable === true) continue;
      this.#there.set(key, entry);
      if (decoding.isBroken(value)) continue;
      const read = field.schema.read(value, keySite(this.site, key, keySpan));
      if (read !== undefined) this.#values[key] = read;
    }
  }

  #unknown(entry: DocEntry, { meant, fallback }: ObjectOptions): void {
    this.#hasUnknown = true;
    const names = Object.keys(this.#fields);
    const known = meant?.(entry.key) ?? nearest(entry.key, names);
    // Who wrote `pattren` is not to be told as well that `pattern` is missing.
    if (known !== undefined && Object.hasOwn(this.#fields, known) && !this.#there.has(known)) {
      this.#there.set(known, entry);
    }
    const help = known === undefined ? (fallback ?? `the keys here are ${names.join(", ")}`) : `did you mean ${known}?`;
    const place = placeOf(entry.keySpan, keyPath(this.site.path, entry.key));
    this.site.decoding.report(place, "this key is not known", { seen: entry.key, help });
  }

  checkRules({ exclusive = [], anyOf, nothing }: ObjectOptions): void {
    const { decoding } = this.site;
    for (const [key, { absent, needs, schema }] of Object.entries(this.#fields)) {
      if (this.has(key)) {
        if (needs === undefined || this.has(needs) || !this.#isWritten(key)) continue;
        this.report(key, `${key} has no meaning without ${needs}`, { expected: `both ${key} and ${needs}` });
      } else if (absent === "required") {
        decoding.report(this.place, `${key} is missing`, { expected: `${key}: ${expectedOf(schema)}` });
      }
    }
    for (const { keys, why = "only one of them can hold", at } of exclusive) {
      const [one, other] = [...this.#there.keys()].filter((key) => keys.includes(key) && this.#isWritten(key));
      if (one === undefined || other === undefined) continue;
      const [there, beside] = one === at ? [one, other] : [other, one];
      this.report(there, `${there} stands beside ${beside}: ${why}`, { expected: "one of the two" });
    }
    // An unknown key may well have been meant to be one of them.
    if (anyOf !== undefined && !this.#hasUnknown && !anyOf.some((key) => this.has(key))) {
      const [message, expected] = nothing ?? ["there is nothing in it", `one of ${anyOf.join(", ")}`];
      decoding.report(this.place, message, { expected });
    }
  }
}

/** Keeps the type of one key's values. */
export function field<T>(schema: Schema<T>, entry: Omit<Field<T>, "schema">): Field<T> {
  return { schema, ...entry };
}
