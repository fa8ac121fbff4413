/** As much of JSON Schema 2020-12 as the schema of the configuration file uses. Gives the paths that do not hold. */
export function violations(root: object, value: unknown): readonly string[] {
  const check = (schema: Keywords, at: string, each: unknown): readonly string[] => {
    if (schema.$ref !== undefined) {
      const target = schema.$ref
        .slice(2)
        .split("/")
        .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], root);
      const { $ref: _, ...beside } = schema;
      return [...check(target as Keywords, at, each), ...check(beside, at, each)];
    }
    const faults: string[] = [];
    const holds = (sub: Keywords): boolean => check(sub, at, each).length === 0;
    if (schema.type !== undefined && ![schema.type].flat().includes(typeOf(each))) {
      const isInteger = [schema.type].flat().includes("integer") && Number.isInteger(each);
      if (!isInteger) return [`${at}: ${typeOf(each)} is not ${schema.type.toString()}`];
    }
    if (schema.enum !== undefined && !schema.enum.includes(each)) faults.push(`${at}: not in the enum`);
    if (schema.anyOf !== undefined && !schema.anyOf.some(holds)) faults.push(`${at}: none of anyOf`);
    for (const sub of schema.allOf ?? []) faults.push(...check(sub, at, each));
    if (schema.not !== undefined && holds(schema.not)) faults.push(`${at}: not`);
    if (typeof each === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(each)) {
      faults.push(`${at}: pattern`);
    }
    if (typeof each === "number") {
      if (each < (schema.minimum ?? -Infinity) || each > (schema.maximum ?? Infinity)) faults.push(`${at}: bounds`);
    }
    if (Array.isArray(each)) {
      if (each.length < (schema.minItems ?? 0)) faults.push(`${at}: too few`);
      const { items } = schema;
      if (items !== undefined) faults.push(...each.flatMap((item, i) => check(items, `${at}[${i}]`, item)));
    } else if (typeof each === "object" && each !== null) {
      faults.push(...checkObject(schema, at, each as Record<string, unknown>, check));
    }
    return faults;
  };
  return check(root as Keywords, "", value);
}

interface Keywords {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Keywords[];
  readonly allOf?: readonly Keywords[];
  readonly not?: Keywords;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly items?: Keywords;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly additionalProperties?: Keywords | false;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
}

function checkObject(
  schema: Keywords,
  at: string,
  value: Readonly<Record<string, unknown>>,
  check: (schema: Keywords, at: string, each: unknown) => readonly string[],
): readonly string[] {
  const faults: string[] = [];
  const keys = Object.keys(value);
  if (keys.length < (schema.minProperties ?? 0)) faults.push(`${at}: too few keys`);
  for (const key of schema.required ?? []) if (!keys.includes(key)) faults.push(`${at}: ${key} is required`);
  for (const [key, needed] of Object.entries(schema.dependentRequired ?? {})) {
    if (keys.includes(key) && !needed.every((each) => keys.includes(each))) faults.push(`${at}: ${key} needs more`);
  }
  for (const [key, each] of Object.entries(value)) {
    const sub = schema.properties?.[key] ?? schema.additionalProperties;
    if (sub === false) faults.push(`${at}.${key}: not known`);
    else if (sub !== undefined) faults.push(...check(sub, `${at}.${key}`, each));
  }
  return faults;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
