import { placeOf, type DocScalar, type Span } from "../document.ts";
import type { Given } from "../given.ts";
import type { Kind } from "../kinds.ts";
import type { Place } from "../problem.ts";
import { textProblem } from "../take.ts";
import { formOf, type Schema } from "./schema.ts";
import type { Site } from "./site.ts";

/** One plain value of a kind, with the place it stands in. */
export function scalar<T>(kind: Kind<T>): Schema<Given<T>> {
  return {
    shape: { type: "scalar", kind },
    read: (node, site) => {
      const { decoding, path } = site;
      if (node.type === "map") {
        const isTemplate = /^\{[\w.>-]+\}/.test(node.span.source.text.slice(node.span.start, node.span.end));
        const help = isTemplate ? { help: "quotes around a value that begins with {" } : {};
        decoding.report(placeOf(node.span, path), "these are keys within a key", {
          expected: "a plain value",
          ...help,
        });
        return undefined;
      }
      if (node.type === "list") {
        if (site.isItem) {
          decoding.report(placeOf(node.span, path), "this is a list within a list", { expected: "a plain value" });
        } else {
          const place = placeOf(site.keySpan ?? node.span, path);
          decoding.report(place, "this key takes one value, not a list", { expected: kind.expected });
        }
        return undefined;
      }
      return readScalar(node, kind, site);
    },
  };
}

/** A value of a file. Its place is worked out only when it is asked for: most values are right. */
class Written<T> implements Given<T> {
  readonly value: T;
  readonly text: string;
  readonly #span: Span;
  readonly #path: string;

  constructor(value: T, text: string, span: Span, path: string) {
    this.value = value;
    this.text = text;
    this.#span = span;
    this.#path = path;
  }

  get place(): Place {
    return placeOf(this.#span, this.#path);
  }
}

function readScalar<T>(node: DocScalar, kind: Kind<T>, site: Site): Given<T> | undefined {
  const { decoding, path } = site;
  const { text, type, span } = node;
  const place = (): Place => placeOf(span, path);
  if (type === "null") {
    decoding.report(place(), "the value is missing", { expected: kind.expected });
    return undefined;
  }
  const fault = typeFault(node, kind);
  if (fault !== undefined) {
    const seen = kind.isSecret === true ? {} : { seen: text };
    decoding.report(place(), fault.message, { ...seen, expected: kind.expected, ...fault.help });
    return undefined;
  }
  if (text === "" && kind.mayBeEmpty !== true) {
    decoding.report(place(), "the value is empty", { seen: '""', expected: kind.expected });
    return undefined;
  }
  const parsed = kind.parse(text);
  if (parsed.ok) return new Written(parsed.value, text, span, path);
  const problem = textProblem(kind, parsed, { text, place: place(), show: (suggestion) => suggestion });
  decoding.problems.push(problem);
  return undefined;
}

/** What is wrong with the type that YAML took a value for. A word of a Caddyfile has none. */
function typeFault(node: DocScalar, kind: Kind<unknown>): { message: string; help?: { help: string } } | undefined {
  if (node.type === "word") return undefined;
  const { text } = node;
  if (kind.yaml === "boolean" && node.type !== "boolean") {
    const parsed = kind.parse(text);
    const meant = parsed.ok ? text : parsed.suggestion;
    const message = `this is ${formOf(node)}, not true or false`;
    return { message, ...(meant !== undefined && { help: { help: `did you mean ${meant}?` } }) };
  }
  if (kind.yaml === "number" && node.type !== "number") {
    const parsed = kind.parse(text);
    const meant = parsed.ok
      ? `write ${text} without quotes`
      : parsed.suggestion && `did you mean ${parsed.suggestion}?`;
    const message = `this is ${formOf(node)}, not a number`;
    return { message, ...(meant !== undefined && { help: { help: meant } }) };
  }
  if (kind.yaml !== "boolean" && node.type === "boolean") return { message: `this is ${formOf(node)}` };
  return undefined;
}
