import type { FieldPattern, FieldRegexp } from "../config/model.ts";
import { type Condition, listed, quoted } from "./condition.ts";
import { compileText } from "./text-pattern.ts";

/** Whether fields have what a pattern says of one of them. */
export type FieldTest = (headers: Headers) => boolean;

/** The test alone, for the fields of an answer. */
export function compileFieldTest({ field, values }: FieldPattern): FieldTest {
  if (values === "present") return (headers) => headers.has(field);
  if (values === "absent") return (headers) => !headers.has(field);
  const patterns = values.map(compileText);
  return (headers) => {
    const value = headers.get(field);
    if (value === null) return false;
    for (const matches of patterns) if (matches(value)) return true;
    return false;
  };
}

/**
 * `header`. A field is one value here, as it goes upstream: Bun 1.4.5 joins lines that repeat a field with ", " and
 * leaves no trace of it. So `A: x, y` is not `y`, as in Caddy, and the lines `A: x` and `A: y` are the value `x, y`
 * (Caddy, which sees two values, finds `y`). A field with several elements is matched by `*y*`.
 */
export function compileField(pattern: FieldPattern): Condition {
  const { field, values } = pattern;
  const test = compileFieldTest(pattern);
  const matches: Condition["matches"] = ({ headers }) => test(headers);
  if (values === "present") {
    return {
      label: `header ${field} present`,
      readsPath: false,
      matches,
      reason: () => `there is no field ${field}`,
    };
  }
  if (values === "absent") {
    return {
      label: `header ${field} absent`,
      readsPath: false,
      matches,
      reason: ({ headers }) => `there is a field ${field}: ${quoted(headers.get(field) ?? "")}`,
    };
  }
  const wanted = listed(values.map(quoted));
  return {
    label: `header ${field} ${wanted}`,
    readsPath: false,
    matches,
    reason: ({ headers }) => mismatch(field, headers.get(field), wanted),
  };
}

/** `header_regexp`, on the same value. */
export function compileFieldRegexp({ field, regexp }: FieldRegexp): Condition {
  const compiled = new RegExp(regexp.pattern);
  return {
    label: `header_regexp ${field} ${regexp.pattern}`,
    readsPath: false,
    matches(facts) {
      const value = facts.headers.get(field);
      if (value === null) return false;
      const groups = compiled.exec(value);
      if (groups === null) return false;
      facts.capture(regexp.name, groups);
      return true;
    },
    reason: ({ headers }) => mismatch(field, headers.get(field), `like ${regexp.pattern}`),
  };
}

function mismatch(field: string, value: string | null, wanted: string): string {
  return value === null ? `there is no field ${field}` : `${field} is ${quoted(value)}, not ${wanted}`;
}
