import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, visit } from "yaml";
import type { Document, Node, Pair, ParsedNode, Scalar } from "yaml";
import type { DocEntry, DocMap, DocNode, DocScalar, Span } from "./document.ts";
import type { Problem } from "./problem.ts";
import { itemPath, keyPath } from "./key-path.ts";
import type { SourceText } from "./source-text.ts";
import { expandVariables, type Environment } from "./variables.ts";
import { yamlFault } from "./yaml-faults.ts";

export interface YamlReading {
  /** Undefined where the file holds no keys. */
  readonly document: DocMap | undefined;
  /** Nodes with a fault that was reported; only that they are there counts. */
  readonly broken: ReadonlySet<DocNode>;
  readonly problems: readonly Problem[];
  /** True when it is no YAML, so that not every key in it was found. */
  readonly isBroken: boolean;
}

const SHAPE = "keys with their values, such as `threads: 2`";
/** Deeper than any configuration; what is read and decoded calls itself for each level. */
const MOST_LEVELS = 64;

type ParsedPair = Pair<ParsedNode, ParsedNode | null>;

/** Reads a YAML file as a tree of keys. Variables of the environment are put into its values. */
export function readYaml(source: SourceText, environment: Environment): YamlReading {
  const reader = new YamlReader(source, environment);
  reader.read();
  return reader;
}

class YamlReader implements YamlReading {
  document: DocMap | undefined;
  readonly broken = new Set<DocNode>();
  readonly problems: Problem[] = [];
  isBroken = false;
  readonly #source: SourceText;
  readonly #environment: Environment;
  #anchors: ReadonlySet<string> = new Set();

  constructor(source: SourceText, environment: Environment) {
    this.#source = source;
    this.#environment = environment;
  }

  read(): void {
    const { text } = this.#source;
    // Duplicate keys are found below, where the path of the key is known.
    const options = { prettyErrors: false, logLevel: "silent", uniqueKeys: false } as const;
    const documents = parseAllDocuments(text, options);
    if (!Array.isArray(documents)) return;
    for (const document of documents) this.#reportFaults(document);
    const [first, second] = documents;
    // What is broken is not read on: the rest would be guesses.
    if (this.isBroken) return;
    if (first !== undefined) this.#readTop(first);
    if (second !== undefined) {
      const at = second.contents?.range[0] ?? text.length;
      this.#report(at, at + 1, undefined, "there is a second document in the file", "one document, without ---");
    }
  }

  #report(start: number, end: number, path: string | undefined, message: string, expected?: string): void {
    this.problems.push({
      severity: "error",
      place: this.#source.place(start, end, path),
      message,
      ...(expected !== undefined && { expected }),
    });
  }

  #reportFaults(document: Document.Parsed): void {
    for (const fault of [...document.errors, ...document.warnings]) {
      // After the first fault the parser guesses, and so would a reader of the others.
      if (this.isBroken) continue;
      this.isBroken = true;
      const [start, end] = fault.pos;
      const { message, expected } = yamlFault(fault, this.#source);
      this.#report(start, end, undefined, `this is not YAML: ${message}`, expected);
    }
  }

  #readTop(document: Document.Parsed): void {
    const contents = document.contents as ParsedNode | null;
    if (contents === null || (isScalar(contents) && contents.value === null && contents.source === "")) return;
    if (!isMap(contents)) {
      const isCaddyfile = /\{\s*$/m.test(this.#source.text);
      const what = isSeq(contents) ? "a list" : isCaddyfile ? "no YAML but looks like a Caddyfile" : "a plain text";
      this.#report(contents.range[0], contents.range[1], undefined, `the file is ${what}`, SHAPE);
      return;
    }
    if (this.#refuseDecoration(contents, undefined)) return;
    this.#anchors = anchorsOf(document);
    this.document = this.#readMap(contents.items as ParsedPair[], this.#span(contents), "", 1);
  }

  #span(node: ParsedNode): Span {
    return { source: this.#source, start: node.range[0], end: node.range[1] };
  }

  #readMap(pairs: readonly ParsedPair[], span: Span, path: string, level: number): DocMap {
    const entries: DocEntry[] = [];
    const first = new Map<string, number>();
    for (const { key, value } of pairs) {
      const entry = this.#readPair(key, value, path, level);
      if (entry === undefined) continue;
      const { keySpan } = entry;
      const earlier = first.get(entry.key);
      if (earlier === undefined) {
        first.set(entry.key, keySpan.start);
        entries.push(entry);
        continue;
      }
      const { line } = this.#source.position(earlier, earlier, undefined);
      const message = `the key is there twice, first in line ${line}`;
      this.#report(keySpan.start, keySpan.end, keyPath(path, entry.key), message, "each key once");
    }
    return { type: "map", entries, span };
  }

  #readPair(key: ParsedNode, value: ParsedNode | null, path: string, level: number): DocEntry | undefined {
    const keySpan = this.#span(key);
    if (!isScalar(key)) {
      const quoted = isAlias(key) ? "quotes around a key that begins with *" : SHAPE;
      this.#report(keySpan.start, keySpan.end, path === "" ? undefined : path, "a key is not a plain word", quoted);
      return undefined;
    }
    const name = String(key.type === "PLAIN" ? (key.source ?? key.value) : key.value);
    const below = keyPath(path, name);
    if (name === "<<") {
      this.#report(keySpan.start, keySpan.end, below, "merge keys are not taken", "the keys themselves");
      return undefined;
    }
    if (this.#refuseDecoration(key, below)) return undefined;
    const missing = { source: this.#source, start: keySpan.end, end: keySpan.end };
    const node: DocNode =
      value === null ? { type: "null", text: "", span: missing } : this.#readNode(value, below, level);
    return { key: name, keySpan, value: node };
  }

  #readNode(node: ParsedNode, path: string, level: number): DocNode {
    const span = this.#span(node);
    if (this.#refuseDecoration(node, path)) return this.#breakNode(span);
    if (level > MOST_LEVELS) {
      this.#report(
        span.start,
        span.start + 1,
        undefined,
        `there are more than ${MOST_LEVELS} levels of keys and lists`,
      );
      return this.#breakNode(span);
    }
    if (isSeq(node)) {
      const items = (node.items as ParsedNode[]).map((item, i) => this.#readNode(item, itemPath(path, i), level + 1));
      return { type: "list", items, span };
    }
    if (isMap(node)) return this.#readMap(node.items as ParsedPair[], span, path, level + 1);
    return this.#readScalar(node as Scalar.Parsed, span, path);
  }

  #readScalar(node: Scalar.Parsed, span: Span, path: string): DocScalar {
    const value: unknown = node.value;
    if (value === null) return { type: "null", text: node.source ?? "", span };
    const type = typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
    const written = type === "text" ? String(value) : (node.source ?? String(value));
    const { text, hasVariables, faults } = expandVariables(written, this.#environment);
    for (const { written: variable, message, expected } of faults) {
      const within = this.#source.text.slice(span.start, span.end).indexOf(variable);
      const start = span.start + Math.max(0, within);
      this.#report(start, within < 0 ? span.end : start + variable.length, path, message, expected);
    }
    const scalar: DocScalar = { type: hasVariables && node.type === "PLAIN" ? "word" : type, text, span };
    if (faults.length > 0) this.broken.add(scalar);
    return scalar;
  }

  #breakNode(span: Span): DocScalar {
    const node: DocScalar = { type: "null", text: "", span };
    this.broken.add(node);
    return node;
  }

  /** Anchors, aliases and tags would let one line mean something that stands elsewhere. */
  #refuseDecoration(node: ParsedNode, path: string | undefined): boolean {
    const [start, end] = node.range;
    if (isAlias(node)) {
      const isMeant = this.#anchors.has(node.source);
      const expected = isMeant ? "the value itself" : "quotes around a value that begins with *";
      this.#report(start, end, path, `aliases such as *${node.source} are not taken`, expected);
      return true;
    }
    const { anchor, tag } = node as Node & { anchor?: string; tag?: string };
    if (anchor !== undefined) {
      this.#report(start, end, path, `anchors such as &${anchor} are not taken`, "the value alone");
      return true;
    }
    if (tag === undefined) return false;
    this.#report(start, end, path, `tags such as ${tag} are not taken`, "the value alone");
    return true;
  }
}

function anchorsOf(document: Document.Parsed): ReadonlySet<string> {
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return anchors;
}
