import type { Kind } from "./kinds.ts";
import { CONFIG_FILE } from "./schema/file.ts";
import type { Field } from "./schema/object.ts";
import type { ObjectShape, Schema } from "./schema/schema.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A value that holds a variable of the environment, which no editor can know. */
const VARIABLE: JsonSchema = { type: "string", pattern: String.raw`\$\{` };
const PLACEHOLDER: JsonSchema = { type: "string", pattern: String.raw`^\{.*\}$` };

/** The JSON Schema (2020-12) of a configuration file, for editors. */
export function jsonSchema(): JsonSchema {
  const writer = new SchemaWriter();
  const { $ref } = writer.schema(CONFIG_FILE) as { readonly $ref: string };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of gatekeeper",
    $ref,
    $defs: writer.definitions,
  };
}

class SchemaWriter {
  readonly definitions: Record<string, JsonSchema> = {};

  schema({ shape }: Schema<unknown>): JsonSchema {
    switch (shape.type) {
      case "scalar":
        return scalarSchema(shape.kind);
      case "list":
        return this.#list(shape.item, shape.mayBeEmpty);
      case "one_or_many":
        return { anyOf: [this.schema(shape.item), this.#list(shape.item, shape.mayBeEmpty)] };
      case "map":
        return {
          type: "object",
          minProperties: 1,
          propertyNames: { description: shape.key.expected },
          additionalProperties: this.schema(shape.value),
        };
      case "forms":
        return { anyOf: shape.forms.map((form) => this.schema(form)) };
      case "object":
        return this.#reference(shape);
      case "lazy":
        return this.schema(shape.target());
      default:
        return shape satisfies never;
    }
  }

  #list(item: Schema<unknown>, mayBeEmpty: boolean): JsonSchema {
    return { type: "array", items: this.schema(item), ...(!mayBeEmpty && { minItems: 1 }) };
  }

  /** Every object stands once, under its name. */
  #reference(shape: ObjectShape): JsonSchema {
    const name = shape.name.replaceAll(" ", "_");
    if (!Object.hasOwn(this.definitions, name)) {
      // There before it is filled, for an object that holds itself.
      this.definitions[name] = {};
      this.definitions[name] = this.#object(shape);
    }
    return { $ref: `#/$defs/${name}` };
  }

  #object({ doc, fields, exclusive, anyOf }: ObjectShape): JsonSchema {
    const all = Object.entries(fields);
    const required = all.filter(([, each]) => each.absent === "required").map(([key]) => key);
    const needs = all.flatMap(([key, each]) => (each.needs === undefined ? [] : [[key, [each.needs]] as const]));
    const rules = exclusive.flatMap(({ keys }) => pairsOf(keys).map((pair) => ({ not: { required: pair } })));
    return {
      description: doc,
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(all.map(([key, each]) => [key, this.#property(each)])),
      ...(required.length > 0 && { required }),
      ...(needs.length > 0 && { dependentRequired: Object.fromEntries(needs) }),
      ...(anyOf !== undefined && { anyOf: anyOf.map((key) => ({ required: [key] })) }),
      ...(rules.length > 0 && { allOf: rules }),
    };
  }

  #property({ schema, doc, absent, nullable }: Field<unknown>): JsonSchema {
    const value = this.schema(schema);
    const words = absent !== "required" && "words" in absent ? ` Default: ${absent.words}.` : "";
    return {
      ...(nullable === true ? { anyOf: [value, { type: "null" }] } : value),
      description: `${doc}.${words}`,
      ...(absent !== "required" && "default" in absent && { default: defaultValue(schema, absent.default) }),
    };
  }
}

function scalarSchema(kind: Kind<unknown>): JsonSchema {
  const { expected, example, yaml, bounds, words, pattern, isSecret } = kind;
  const about = { description: expected, ...(isSecret !== true && { examples: [exampleValue(kind)] }) };
  const whole = {
    type: "integer",
    ...(bounds !== undefined && { minimum: bounds[0], maximum: bounds[1] }),
  };
  if (words !== undefined) return { ...about, anyOf: [{ enum: words }, VARIABLE] };
  if (yaml === "boolean") return { ...about, anyOf: [{ type: "boolean" }, VARIABLE] };
  if (yaml === "number") return { ...about, anyOf: [whole, VARIABLE] };
  if (yaml === "text_or_number") {
    const text = bounds === undefined ? { type: "string", ...(pattern !== undefined && { pattern }) } : PLACEHOLDER;
    return { ...about, anyOf: [bounds === undefined ? { ...whole, minimum: 0 } : whole, text, VARIABLE] };
  }
  return { ...about, type: ["string", "number"], examples: [example] };
}

/** The example of a kind as YAML would read it. */
export function exampleValue({ yaml, example }: Kind<unknown>): string | number | boolean {
  if (yaml === "boolean") return example === "true";
  const isNumber = yaml === "number" || (yaml === "text_or_number" && /^\d+$/.test(example));
  return isNumber ? Number(example) : example;
}

function defaultValue({ shape }: Schema<unknown>, text: string): string | number | boolean {
  if (shape.type === "scalar") return exampleValue({ ...shape.kind, example: text });
  if (shape.type === "one_or_many") return defaultValue(shape.item, text);
  return text;
}

function pairsOf(keys: readonly string[]): readonly (readonly [string, string])[] {
  return keys.flatMap((key, i) => keys.slice(i + 1).map((other) => [key, other] as const));
}
