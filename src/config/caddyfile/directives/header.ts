import type { DocEntry } from "../../document.ts";
import { FieldEdits } from "../field-edits.ts";
import { entry, mapNode, wordNode } from "../nodes.ts";
import type { DirectiveReader } from "../scope.ts";

const FORM = "header [MATCHER] [+|-|?|>]FIELD [VALUE|FIND REPLACE], or a block of such lines";

/** `header`: edits the fields of the answer. */
export const readHeader: DirectiveReader = ({ name, args, block }, { report }) => {
  const edits = new FieldEdits("answer", report);
  if (args.length > 0) edits.take(args);
  else if (block === undefined) return report.error(name, "header lacks a field", { expected: FORM });
  for (const line of block ?? []) {
    if (line.block !== undefined) {
      report.error(line.name, "the edits of header have no blocks", { expected: FORM });
    } else if (line.name.text === "defer" && line.args.length === 0) edits.isDeferred = true;
    else if (args.length > 0) {
      report.error(line.name, "fields stand behind header or in its block, not both", { expected: FORM });
    } else edits.take([line.name, ...line.args]);
  }
  const entries = [...edits.entries()];
  if (entries.length === 0) return [];
  if (edits.isDeferred) entries.push(entry("defer", name, wordNode(name, "true")));
  return [entry("header", name, mapNode(entries, name.span))];
};

/** `request_header`: edits the fields of the request. */
export const readRequestHeader: DirectiveReader = ({ name, args, block }, { report }): DocEntry[] | undefined => {
  const edits = new FieldEdits("request", report);
  const expected = "request_header [MATCHER] [+|-]FIELD [VALUE|FIND REPLACE]";
  if (block !== undefined) return report.error(name, "request_header has no block: one field in a line", { expected });
  if (args.length === 0) return report.error(name, "request_header lacks a field", { expected });
  edits.take(args);
  return [entry("request_header", name, mapNode(edits.entries(), name.span))];
};
