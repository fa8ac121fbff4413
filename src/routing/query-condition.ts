import type { QueryPattern } from "../config/model.ts";
import { type Condition, listed, quoted } from "./condition.ts";
import { decodePercent } from "./path-reading.ts";

/** Go's rule, which Caddy keeps on purpose: readers differ about `;`, so a query with one is no query at all. */
const MALFORMED = /;|%(?![0-9a-f]{2})/i;

/**
 * `query`: every parameter has to be there with one of its values; `*` is any value. Without parameters only an
 * empty query matches. Of several equal parameters each counts. So do later Caddys; 2.6.2 looks at the first one, and is content
 * with one parameter of those that are listed.
 */
export function compileQuery(parameters: readonly QueryPattern[]): Condition {
  const label = parameters.map(({ parameter, values }) => `${parameter}=${listed(values)}`).join(" and ");
  return {
    label: label === "" ? "an empty query" : `query ${label}`,
    readsPath: false,
    matches({ query }) {
      if (MALFORMED.test(query)) return false;
      if (parameters.length === 0) return isEmpty(query);
      for (const parameter of parameters) if (!hasParameter(query, parameter)) return false;
      return true;
    },
    reason({ query }) {
      if (MALFORMED.test(query)) return `the query ${quoted(query)} is malformed`;
      const missing = parameters.find((parameter) => !hasParameter(query, parameter));
      if (missing === undefined) return `the query ${quoted(query)} is not empty`;
      const values = valuesOf(query, missing.parameter);
      if (values.length === 0) return `there is no ${missing.parameter} in the query`;
      return `${missing.parameter} in the query is ${values.map(quoted).join(", ")}, not ${listed(missing.values)}`;
    },
  };
}

function isEmpty(query: string): boolean {
  return query === "" || /^&+$/.test(query);
}

function hasParameter(query: string, { parameter, values }: QueryPattern): boolean {
  for (let start = 0; start < query.length;) {
    const end = endOfPair(query, start);
    const equals = equalsOf(query, start, end);
    if (start < end && decode(query.slice(start, equals)) === parameter) {
      const value = decode(query.slice(equals + 1, end));
      for (const wanted of values) if (wanted === "*" || wanted === value) return true;
    }
    start = end + 1;
  }
  return false;
}

function valuesOf(query: string, parameter: string): readonly string[] {
  const pairs = query.split("&").filter((pair) => pair !== "");
  return pairs.flatMap((pair) => {
    const equals = equalsOf(pair, 0, pair.length);
    return decode(pair.slice(0, equals)) === parameter ? [decode(pair.slice(equals + 1))] : [];
  });
}

function endOfPair(query: string, start: number): number {
  const end = query.indexOf("&", start);
  return end < 0 ? query.length : end;
}

function equalsOf(query: string, start: number, end: number): number {
  const equals = query.indexOf("=", start);
  return equals < 0 || equals > end ? end : equals;
}

function decode(text: string): string {
  return decodePercent(text.includes("+") ? text.replaceAll("+", " ") : text);
}
