import { exampleValue } from "../../../src/config/json-schema.ts";
import { CONFIG_FILE } from "../../../src/config/schema/file.ts";
import type { ObjectShape, Schema } from "../../../src/config/schema/schema.ts";

/** Every object of the configuration file with its schema, each once. */
export function allObjects(): readonly (readonly [schema: Schema<unknown>, shape: ObjectShape])[] {
  const found = new Map<string, readonly [Schema<unknown>, ObjectShape]>();
  const visit = (schema: Schema<unknown>): void => {
    const { shape } = schema;
    if (shape.type === "lazy") visit(shape.target());
    else if (shape.type === "list" || shape.type === "one_or_many") visit(shape.item);
    else if (shape.type === "map") visit(shape.value);
    else if (shape.type === "forms") shape.forms.forEach(visit);
    else if (shape.type === "object" && !found.has(shape.name)) {
      found.set(shape.name, [schema, shape]);
      for (const each of Object.values(shape.fields)) visit(each.schema);
    }
  };
  visit(CONFIG_FILE);
  return [...found.values()];
}

/** Values that a schema takes, one for each of its forms. */
export function examplesOf({ shape }: Schema<unknown>): readonly unknown[] {
  switch (shape.type) {
    case "scalar":
      return [exampleValue(shape.kind)];
    case "list":
      return [examplesOf(shape.item).slice(0, 1)];
    case "one_or_many": {
      const items = examplesOf(shape.item);
      return [...items, items];
    }
    case "map":
      return examplesOf(shape.value).map((value) => ({ [shape.key.example]: value }));
    case "forms":
      return shape.forms.flatMap(examplesOf);
    case "object":
      return [minimal(shape)];
    case "lazy":
      return examplesOf(shape.target());
    default:
      return shape satisfies never;
  }
}

/** A key after all that it has no meaning without. */
function withNeeds(fields: ObjectShape["fields"], name: string): readonly string[] {
  const needs = fields[name]?.needs;
  return needs === undefined ? [name] : [...withNeeds(fields, needs), name];
}

/** An object with what it cannot do without, and with one key of choice. */
export function minimal({ fields, anyOf }: ObjectShape, key?: string): Record<string, unknown> {
  // Some key that ends in no circle.
  const some = key ?? (anyOf === undefined ? undefined : anyOf.includes("respond") ? "respond" : anyOf[0]);
  const needed = Object.entries(fields).filter(([name, { absent }]) => absent === "required" || name === some);
  const names = new Set(needed.flatMap(([name]) => withNeeds(fields, name)));
  if (anyOf !== undefined && key !== undefined && ![...names].some((name) => anyOf.includes(name))) {
    names.add(anyOf.includes("respond") ? "respond" : (anyOf[0] ?? ""));
  }
  const entries = [...names].map((name) => {
    const each = fields[name];
    return [name, each === undefined ? undefined : examplesOf(each.schema)[0]] as const;
  });
  return Object.fromEntries(entries);
}
