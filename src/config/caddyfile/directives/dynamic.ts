import type { DocEntry, DocNode } from "../../document.ts";
import { argumentOf, argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { entry, mapNode, oneOrMore, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { Token } from "../token.ts";
import { durationNode } from "../values.ts";

const LINES: Readonly<Record<"a" | "srv", readonly string[]>> = {
  a: ["name", "port", "refresh", "resolvers", "versions"],
  srv: ["name", "service", "proto", "refresh", "resolvers"],
};

/** Lines of Caddy's that are about how it asks, which is the resolver's own affair here. */
const NOT_TAKEN = ["dial_timeout", "dial_fallback_delay", "grace_period"];

/** `dynamic a NAME PORT` and `dynamic srv NAME`: upstreams that are looked up. Gives the keys of the route. */
export function readDynamic(line: Directive, report: Report): readonly DocEntry[] {
  const { name, args } = line;
  const [kind, ...words] = args;
  if (kind === undefined || (kind.text !== "a" && kind.text !== "srv")) {
    report.error(kind ?? name, "dynamic looks up a or srv", { expected: "dynamic a NAME PORT, or dynamic srv NAME" });
    return [];
  }
  const reading = new DynamicReading(kind.text, name, report);
  const [host, port, extra] = words;
  if (host !== undefined) reading.values.set("name", host);
  if (port !== undefined && kind.text === "a") reading.values.set("port", port);
  const tooMany = kind.text === "a" ? extra : port;
  if (tooMany !== undefined) report.error(tooMany, `this is one word too many for dynamic ${kind.text}`);
  for (const each of line.block ?? []) reading.take(each);
  return reading.entries(kind);
}

class DynamicReading {
  readonly values = new Map<string, Token>();
  readonly #kind: "a" | "srv";
  readonly #at: Token;
  readonly #report: Report;
  readonly #beside: DocEntry[] = [];
  #versions: DocNode | undefined;

  constructor(kind: "a" | "srv", at: Token, report: Report) {
    this.#kind = kind;
    this.#at = at;
    this.#report = report;
  }

  take(line: Directive): void {
    const { name } = line;
    const report = this.#report;
    if (!LINES[this.#kind].includes(name.text)) {
      if (NOT_TAKEN.includes(name.text)) report.error(name, `${name.text} is Caddy's, and not taken here`);
      else report.unknown(name, `line of dynamic ${this.#kind}`, LINES[this.#kind]);
      return;
    }
    switch (name.text) {
      case "refresh": {
        const time = argumentOf(line, "refresh TIME", report);
        if (time !== undefined) this.#beside.push(entry("resolve_interval", name, durationNode(time, report)));
        break;
      }
      case "resolvers":
      case "versions": {
        const words = argumentsOf(line, { form: `${name.text} VALUE...`, least: 1, most: 20 }, report);
        if (words === undefined) break;
        const node = oneOrMore(
          words.map((word) => textNode(word)),
          name.span,
        );
        if (name.text === "versions") this.#versions = node;
        else this.#beside.push(entry("resolvers", name, node));
        break;
      }
      default: {
        const word = argumentOf(line, `${name.text} VALUE`, report);
        if (word !== undefined) this.values.set(name.text, word);
      }
    }
  }

  entries(kind: Token): readonly DocEntry[] {
    const name = this.values.get("name");
    if (name === undefined) {
      this.#report.error(this.#at, `dynamic ${kind.text} lacks a name`, { expected: `dynamic ${kind.text} NAME` });
      return [];
    }
    const what = this.#kind === "srv" ? textNode(name, this.#serviceName(name)) : this.#addresses(name);
    return [entry("upstreams", this.#at, mapNode([entry(kind.text, kind, what)], this.#at.span)), ...this.#beside];
  }

  /** `_service._proto.name`, where those are said by themselves (RFC 2782). */
  #serviceName(name: Token): string {
    const service = this.values.get("service");
    const proto = this.values.get("proto");
    return [service && `_${service.text}`, proto && `_${proto.text}`, name.text].filter(Boolean).join(".");
  }

  #addresses(name: Token): DocNode {
    const port = this.values.get("port");
    return mapNode(
      [
        entry("name", name, textNode(name)),
        ...(port === undefined ? [] : [entry("port", port, wordNode(port))]),
        ...(this.#versions === undefined ? [] : [entry("versions", name, this.#versions)]),
      ],
      name.span,
    );
  }
}
