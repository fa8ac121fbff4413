import type { DocEntry, DocNode } from "../../document.ts";
import { argumentOf, argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { entry, mapNode, oneOrMore, textNode, wordNode } from "../nodes.ts";
import { regexpOf } from "../regexp-node.ts";
import type { Report } from "../report.ts";
import { durationNode } from "../values.ts";

/** Lines of `reverse_proxy` about retries and health that have one value, by what it is. */
const VALUES: ReadonlyMap<string, "time" | "word" | "text"> = new Map([
  ["lb_retries", "word"],
  ["lb_try_duration", "time"],
  ["lb_try_interval", "time"],
  ["health_uri", "text"],
  ["health_port", "word"],
  ["health_interval", "time"],
  ["health_timeout", "time"],
  ["health_passes", "word"],
  ["health_fails", "word"],
  ["health_status", "word"],
  ["health_method", "text"],
  ["fail_duration", "time"],
  ["max_fails", "word"],
  ["unhealthy_latency", "time"],
  ["unhealthy_request_count", "word"],
] as const);

export const CARE_LINES: readonly string[] = [
  ...VALUES.keys(),
  "health_body",
  "health_headers",
  "health_follow_redirects",
  "unhealthy_status",
];

/** Reads one of `CARE_LINES`: how failing upstreams are found and got round. Their names are those of YAML. */
export function readCare(line: Directive, report: Report): readonly DocEntry[] {
  const { name } = line;
  const node = nodeOf(line, report);
  return node === undefined ? [] : [entry(name.text, name, node)];
}

function nodeOf(line: Directive, report: Report): DocNode | undefined {
  const { name, args, block } = line;
  switch (name.text) {
    case "health_body": {
      const word = argumentOf(line, "health_body REGEXP", report);
      const pattern = word && regexpOf(word, report);
      return word && pattern && textNode(word, pattern.pattern);
    }
    case "health_follow_redirects":
      return argumentsOf(line, { form: name.text, least: 0, most: 0 }, report) && wordNode(name, "true");
    case "unhealthy_status":
      if (args.length === 0) return report.error(name, "unhealthy_status lacks a status", { expected: "5xx" });
      return oneOrMore(
        args.map((each) => wordNode(each)),
        name.span,
      );
    case "health_headers": {
      if (block === undefined || block.length === 0 || args.length > 0) {
        return report.error(name, "health_headers has a block of fields", {
          expected: "health_headers { Host a.example }",
        });
      }
      return mapNode(
        block.flatMap((field) => {
          const values = argumentsOf(field, { form: "FIELD VALUE...", least: 1, most: 100 }, report) ?? [];
          const [first] = values;
          return first === undefined
            ? []
            : [
                entry(
                  field.name.text,
                  field.name,
                  oneOrMore(
                    values.map((each) => textNode(each)),
                    first.span,
                  ),
                ),
              ];
        }),
        name.span,
      );
    }
    default: {
      const kind = VALUES.get(name.text);
      const word = argumentOf(line, `${name.text} ${kind === "time" ? "TIME" : "VALUE"}`, report);
      if (word === undefined) return undefined;
      return kind === "time" ? durationNode(word, report) : kind === "text" ? textNode(word) : wordNode(word);
    }
  }
}
