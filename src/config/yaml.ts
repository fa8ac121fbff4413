import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type ParsedNode } from "yaml";
import { parseAllDocuments } from "yaml";
import type { Problem } from "./problem.ts";
import type { SourceText } from "./source-text.ts";

/** One plain value of a file. */
export interface YamlScalar {
  readonly type: "text" | "number" | "boolean" | "null";
  /** As it stands in the file, without quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One key of a file at its top level. */
export interface YamlEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: YamlScalar | readonly YamlScalar[];
}

export interface YamlReading {
  readonly entries: readonly YamlEntry[];
  readonly problems: readonly Problem[];
  /** True when it is no YAML, so that not every key in it was found. */
  readonly isBroken: boolean;
}

const SHAPE = "a flat list of keys, such as `threads: 2`";

/** Reads a flat YAML file: keys at the top level, each with one plain value or a list of them. */
export function readYaml(source: SourceText): YamlReading {
  const documents = parseAllDocuments(source.text, { prettyErrors: false, logLevel: "silent" });
  const reader = new YamlReader(source);
  if (Array.isArray(documents)) {
    for (const document of documents) reader.reportFaults(document);
    const [first, second] = documents;
    // What is broken is not read on: the rest would be guesses.
    if (first !== undefined && !reader.isBroken) reader.readTop(first.contents);
    if (second !== undefined && !reader.isBroken) {
      const at = second.contents?.range[0] ?? source.text.length;
      reader.report(at, at + 1, undefined, "there is a second document in the file", "one document, without ---");
    }
  }
  return reader;
}

class YamlReader {
  readonly entries: YamlEntry[] = [];
  readonly problems: Problem[] = [];
  isBroken = false;
  readonly #source: SourceText;

  constructor(source: SourceText) {
    this.#source = source;
  }

  report(start: number, end: number, key: string | undefined, message: string, expected?: string): void {
    this.problems.push({
      severity: "error",
      place: this.#source.place(start, end, key),
      message,
      ...(expected !== undefined && { expected }),
    });
  }

  reportFaults(document: Document.Parsed): void {
    for (const fault of [...document.errors, ...document.warnings]) {
      const [start, end] = fault.pos;
      if (fault.code === "DUPLICATE_KEY") {
        this.#reportDuplicate(start);
        continue;
      }
      // After the first fault the parser guesses, and so would a reader of the others.
      if (this.isBroken) continue;
      this.isBroken = true;
      const [message, expected] = FAULTS[fault.code] ?? [lowerFirst(fault.message.split("\n")[0] ?? fault.code)];
      this.report(start, end, undefined, `this is not YAML: ${message}`, expected);
    }
  }

  /** The parser's range is one column wide; the key is as long as its name. */
  #reportDuplicate(start: number): void {
    const [written = "", , name = ""] = /^(["']?)([\w-]+)\1/.exec(this.#source.text.slice(start)) ?? [];
    const first = new RegExp(`^\\s*["']?${RegExp.escape(name)}["']?\\s*:`, "m").exec(this.#source.text);
    const line =
      first === null ? undefined : this.#source.position(first.index + first[0].search(/\S/), 0, undefined).line;
    const where = line === undefined ? "" : `, first in line ${line}`;
    this.report(start, start + written.length, name, `the key is there twice${where}`, "each key once");
  }

  readTop(contents: ParsedNode | null): void {
    if (contents === null || (isScalar(contents) && contents.value === null && contents.source === "")) return;
    if (!isMap(contents)) {
      const isCaddyfile = /\{\s*$/m.test(this.#source.text);
      const what = isSeq(contents) ? "a list" : isCaddyfile ? "no YAML but looks like a Caddyfile" : "a plain text";
      this.report(contents.range[0], contents.range[1], undefined, `the file is ${what}`, SHAPE);
      return;
    }
    if (this.#refuseDecoration(contents, undefined)) return;
    for (const pair of contents.items as Pair<ParsedNode, ParsedNode | null>[]) this.#readPair(pair);
  }

  #readPair(pair: Pair<ParsedNode, ParsedNode | null>): void {
    const [keyStart, keyEnd] = pair.key.range;
    if (!isScalar(pair.key)) {
      this.report(keyStart, keyEnd, undefined, "a key is not a plain word", SHAPE);
      return;
    }
    const key = String(pair.key.source ?? pair.key.value);
    if (key === "<<") {
      this.report(keyStart, keyEnd, key, "merge keys are not taken", "the keys themselves");
      return;
    }
    if (this.#refuseDecoration(pair.key, key)) return;
    const value = this.#readValue(pair.value, key, keyEnd);
    if (value !== undefined) this.entries.push({ key, keyStart, keyEnd, value });
  }

  #readValue(node: ParsedNode | null, key: string, keyEnd: number): YamlEntry["value"] | undefined {
    if (node === null) return { type: "null", text: "", start: keyEnd, end: keyEnd };
    if (isSeq(node)) {
      if (this.#refuseDecoration(node, key)) return undefined;
      const items = (node.items as ParsedNode[]).map((item, i) => this.#readScalar(item, `${key}[${i}]`));
      const good = items.filter((item) => item !== undefined);
      return good.length === items.length ? good : undefined;
    }
    return this.#readScalar(node, key);
  }

  #readScalar(node: ParsedNode, key: string): YamlScalar | undefined {
    if (this.#refuseDecoration(node, key)) return undefined;
    const [start, end] = node.range;
    if (!isScalar(node)) {
      const what = isSeq(node) ? "this is a list within a list" : "these are keys within a key";
      this.report(start, end, key, what, "a plain value");
      return undefined;
    }
    const value: unknown = node.value;
    if (value === null) return { type: "null", text: node.source ?? "", start, end };
    const type = typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
    return { type, text: type === "text" ? String(value) : (node.source ?? String(value)), start, end };
  }

  /** Anchors, aliases and tags would let one line mean something that stands elsewhere. */
  #refuseDecoration(node: ParsedNode, key: string | undefined): boolean {
    const [start, end] = node.range;
    if (isAlias(node)) {
      this.report(start, end, key, `aliases such as *${node.source} are not taken`, "the value itself");
      return true;
    }
    const { anchor, tag } = node as Node & { anchor?: string; tag?: string };
    if (anchor !== undefined) {
      this.report(start, end, key, `anchors such as &${anchor} are not taken`, "the value alone");
      return true;
    }
    if (tag === undefined) return false;
    this.report(start, end, key, `tags such as ${tag} are not taken`, "the value alone");
    return true;
  }
}

/** The parser's faults in our words: what is wrong, and what would be right. */
const FAULTS: Readonly<Record<string, readonly [message: string, expected?: string]>> = {
  TAB_AS_INDENT: ["a tab begins the line", "spaces, or nothing, at the start of a line"],
  MISSING_CHAR: ["a quote or a bracket is not closed", "each quote and bracket closed"],
  BAD_INDENT: ["a bracket is not closed, or the line begins too far left or right", "keys at the start of their line"],
  UNEXPECTED_TOKEN: ["nothing may follow here", 'quotes around a value with brackets in it, such as "[::1]:8080"'],
  BLOCK_AS_IMPLICIT_KEY: ["there are two colons", "quotes around a value that holds `: `"],
  MULTILINE_IMPLICIT_KEY: ["a colon is missing after a key", SHAPE],
  BAD_SCALAR_START: [
    "a value cannot begin with this mark",
    "quotes around a value that begins with a mark such as @, ` or %",
  ],
};

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
