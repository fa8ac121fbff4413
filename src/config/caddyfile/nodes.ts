import type { DocEntry, DocList, DocMap, DocNode, DocScalar, Span } from "../document.ts";
import type { Token } from "./token.ts";

/** A value that is a text whatever it looks like: `"5"` of a header. */
export function textNode(at: Token, text: string = at.text): DocScalar {
  return { type: "text", text, span: at.span };
}

/** A value whose kind is the reader's to say: a status, a time, an address. */
export function wordNode(at: Token, text: string = at.text): DocScalar {
  return { type: "word", text, span: at.span };
}

export function listNode(items: readonly DocNode[], span: Span): DocList {
  return { type: "list", items, span };
}

export function mapNode(entries: readonly DocEntry[], span: Span): DocMap {
  return { type: "map", entries, span };
}

/** A key, which stands in the Caddyfile where `at` does. */
export function entry(key: string, at: Token, value: DocNode): DocEntry {
  return { key, keySpan: at.span, value };
}

/** A list, or the value alone where there is one: every list of the vocabulary may be written so. */
export function oneOrMore(items: readonly DocNode[], span: Span): DocNode {
  return items.length === 1 && items[0] !== undefined ? items[0] : listNode(items, span);
}

/** What a node says, without its places: nodes that say the same have the same text. */
export function meaningOf(node: DocNode): string {
  switch (node.type) {
    case "list":
      return `[${node.items.map(meaningOf).join(",")}]`;
    case "map":
      return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${meaningOf(value)}`).join(",")}}`;
    default:
      return JSON.stringify(node.text);
  }
}
