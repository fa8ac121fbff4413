import { argumentOf } from "../arguments.ts";
import { entry } from "../nodes.ts";
import type { DirectiveReader } from "../scope.ts";
import { sizeNode } from "../values.ts";

const FORM = "request_body [MATCHER] { max_size SIZE }";

/** `request_body { max_size SIZE }`. */
export const readRequestBody: DirectiveReader = ({ name, args, block }, { report }) => {
  const [extra] = args;
  if (extra !== undefined || block === undefined || block.length === 0) {
    return report.error(extra ?? name, "request_body has a block with max_size", { expected: FORM });
  }
  let entries: ReturnType<DirectiveReader> = [];
  for (const line of block) {
    if (line.name.text === "max_size") {
      const size = argumentOf(line, "max_size SIZE", report);
      const node = size === undefined ? undefined : sizeNode(size, report);
      entries = node === undefined ? undefined : [entry("max_request_body", line.name, node)];
    } else if (/^(?:set|read_timeout|write_timeout)$/.test(line.name.text)) {
      report.error(line.name, `${line.name.text} is Caddy's, and not taken here`, { expected: FORM });
    } else report.unknown(line.name, "line of request_body", ["max_size"]);
  }
  return entries;
};
