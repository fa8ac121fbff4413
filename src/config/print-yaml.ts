import { Document, isScalar, Pair, parse, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { DocMap, DocNode, DocScalar } from "./document.ts";

/** Lists of plain values that are not longer than this stand in one line. */
const MOST_IN_LINE = 90;

/** Writes a document as YAML that is read back as the same document. */
export function printYaml(document: DocMap): string {
  return new Document(nodeOf(document)).toString({ lineWidth: 0, flowCollectionPadding: false });
}

function nodeOf(node: DocNode): YAMLMap | YAMLSeq | Scalar {
  switch (node.type) {
    case "map": {
      const map = new YAMLMap();
      map.items = node.entries.map(({ key, value }) => new Pair(new Scalar(key), nodeOf(value)));
      return map;
    }
    case "list": {
      const list = new YAMLSeq<YAMLMap | YAMLSeq | Scalar>();
      list.items = node.items.map(nodeOf);
      list.flow = list.items.every(isScalar) && lengthOf(node.items) <= MOST_IN_LINE;
      return list;
    }
    default:
      return scalarOf(node);
  }
}

function lengthOf(items: readonly DocNode[]): number {
  return items.reduce((sum, item) => sum + ("text" in item ? item.text.length + 2 : 0), 0);
}

/** A text is quoted where YAML would take it for something else; all others stand as they are. */
function scalarOf({ type, text }: DocScalar): Scalar {
  // What looks like a variable here was none where it comes from.
  if (type === "text") return quoted(text);
  if (type === "null") return new Scalar(null);
  const plain: unknown = /^[\w.+-]+$/.test(text) ? parse(text) : text;
  const isSame = (typeof plain === "number" || typeof plain === "boolean") && String(plain) === text;
  return isSame ? new Scalar(plain) : quoted(text);
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text.replaceAll("${", () => "$${"));
  // Older readers of YAML take these for true and false.
  if (/^(?:y|yes|n|no|on)$/i.test(text)) scalar.type = "QUOTE_DOUBLE";
  return scalar;
}
