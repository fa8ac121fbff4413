import type { DocEntry, DocNode } from "../../document.ts";
import { argumentOf, argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { entry, listNode, mapNode, oneOrMore, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { DirectiveReader } from "../scope.ts";
import type { Token } from "../token.ts";

const FORMATS = ["zstd", "br", "gzip"];
const LINES = [...FORMATS, "minimum_length", "match"];

/** `encode zstd gzip`, and its block. */
export const readEncode: DirectiveReader = (line, { report }) => {
  const { name, args, block } = line;
  const reading = new EncodeReading(report);
  for (const format of args) reading.takeFormat(format, undefined);
  for (const inner of block ?? []) reading.takeLine(inner);
  return [entry("encode", name, reading.node(name))];
};

class EncodeReading {
  readonly #report: Report;
  readonly #formats: Token[] = [];
  readonly #entries: DocEntry[] = [];
  readonly #types: DocNode[] = [];
  #typesAt: Token | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  takeFormat(format: Token, level: Token | undefined): void {
    if (!FORMATS.includes(format.text)) {
      this.#report.unknown(format, "format", FORMATS);
      return;
    }
    if (!this.#formats.some(({ text }) => text === format.text)) this.#formats.push(format);
    if (level === undefined) return;
    if (format.text === "gzip") this.#entries.push(entry("gzip_level", level, wordNode(level)));
    else this.#report.error(level, `the level of ${format.text} cannot be set here`, { expected: format.text });
  }

  takeLine(line: Directive): void {
    const { name, args } = line;
    switch (name.text) {
      case "minimum_length": {
        const length = argumentOf(line, "minimum_length BYTES", this.#report);
        if (length !== undefined) this.#entries.push(entry("minimum_length", name, wordNode(length)));
        break;
      }
      case "match":
        this.#takeMatch(line);
        break;
      case "prefer":
        this.#report.error(name, "prefer is of an older Caddy", {
          help: "the order of the formats is that of preference",
        });
        break;
      default: {
        if (!FORMATS.includes(name.text)) {
          this.#report.unknown(name, "line of encode", LINES);
          return;
        }
        const words = argumentsOf(line, { form: `${name.text} [LEVEL]`, least: 0, most: 1 }, this.#report);
        if (words !== undefined) this.takeFormat(name, args[0]);
      }
    }
  }

  /** `match header Content-Type text/*`, or a block of such lines. */
  #takeMatch({ name, args, block }: Directive): void {
    const [first, ...rest] = args;
    const lines = first === undefined ? (block ?? []) : [{ name: first, args: rest, block }];
    const expected = "match header Content-Type TYPE";
    if (lines.length === 0) this.#report.error(name, "match lacks its condition", { expected });
    for (const { name: kind, args: words } of lines) {
      const [field, ...types] = words;
      if (kind.text !== "header" || field?.text.toLowerCase() !== "content-type" || types.length === 0) {
        this.#report.error(kind, "only the content type of an answer can be matched here", { expected });
        continue;
      }
      this.#typesAt ??= kind;
      this.#types.push(...types.map((type) => textNode(type)));
    }
  }

  /** Without a format it is Caddy's own choice. */
  node(at: Token): DocNode {
    const formats =
      this.#formats.length === 0
        ? [wordNode(at, "zstd"), wordNode(at, "gzip")]
        : this.#formats.map((format) => wordNode(format));
    const list = listNode(formats, formats[0]?.span ?? at.span);
    const types = this.#typesAt;
    if (types !== undefined) this.#entries.push(entry("content_types", types, oneOrMore(this.#types, types.span)));
    if (this.#entries.length === 0) return list;
    return mapNode([{ key: "formats", keySpan: list.span, value: list }, ...this.#entries], at.span);
  }
}
