import type { DocMap } from "../document.ts";
import type { Problem } from "../problem.ts";
import type { SourceText } from "../source-text.ts";
import { readBlocks, type ServerBlock } from "./blocks.ts";
import { Imports } from "./imports.ts";
import type { CaddyfileInput } from "./input.ts";
import { tokenize } from "./lexer.ts";
import { listenerEntries } from "./listeners.ts";
import { fillAtLoad } from "./load-placeholders.ts";
import { mapNode } from "./nodes.ts";
import { GlobalOptions } from "./options.ts";
import { Report } from "./report.ts";
import { readSite } from "./sites.ts";

/** A Caddyfile that was read. */
export interface CaddyfileReading {
  /** The tree that a YAML file of the same meaning has; undefined where a problem is an error. */
  readonly document: DocMap | undefined;
  readonly problems: readonly Problem[];
  /** Every file that was imported or named by `{file.PATH}`, for watching. */
  readonly files: readonly string[];
}

/** Reads a Caddyfile as Caddy 2 does; what it cannot be taken at its word for is a problem, with its place. */
export function readCaddyfile(source: SourceText, input: CaddyfileInput): CaddyfileReading {
  const report = new Report();
  const files = new Set<string>();
  const noting: CaddyfileInput = {
    ...input,
    readFile: (path) => {
      const text = input.readFile(path);
      if (text.ok) files.add(path);
      return text;
    },
  };
  const tokens = tokenize(source, (name) => input.env(name), report);
  const expanded = tokens === undefined ? [] : new Imports(noting, report).expand(tokens);
  const blocks = readBlocks(fillAtLoad(expanded, noting, report), report);
  const document = tokens === undefined ? undefined : readDocument(source, blocks, report);
  return { document: report.errors === 0 ? document : undefined, problems: report.problems, files: [...files] };
}

function readDocument(source: SourceText, blocks: readonly ServerBlock[], report: Report): DocMap {
  const span = { source, start: 0, end: source.text.length };
  const options = new GlobalOptions(report);
  const [first] = blocks;
  if (first?.keys.length === 0) for (const line of first.directives) options.take(line);
  const rest = first?.keys.length === 0 ? blocks.slice(1) : blocks;
  const sites = rest.flatMap((block) => {
    if (block.keys.length === 0) {
      const expected = "the address of a site before its block, or one block of global options at the very start";
      report.error(block.first, "this block has no address", { expected });
      return [];
    }
    const [route] = block.keys;
    if (route?.text.startsWith("&(") === true) {
      report.error(route, "named routes are Caddy's, and not taken here", {
        help: `write a snippet, ${route.text.slice(1)} { ... }, and import it`,
      });
      return [];
    }
    return [readSite(block, options, report)];
  });
  if (rest.length === 0 && report.errors === 0) {
    report.errorAt({ ...span, end: 1 }, "there is no site in this file", { expected: "an address and what it does" });
  }
  return mapNode([...options.entries.values(), ...listenerEntries(sites, options, report)], span);
}
