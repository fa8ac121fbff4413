import type { DocMap, DocNode } from "./document.ts";
import { Settings } from "./given.ts";
import type { Problem } from "./problem.ts";
import type { FileDraft } from "./schema/draft.ts";
import { CONFIG_FILE } from "./schema/file.ts";
import { Decoding, topSite } from "./schema/site.ts";

export interface Decoded {
  readonly draft: FileDraft;
  readonly problems: readonly Problem[];
  /** Files that were read for a value, such as a secret. */
  readonly files: readonly string[];
}

/**
 * Turns a tree of keys into settings, listeners and routes: names, types and values are checked here, each against
 * the schema. `broken` are nodes whose fault was reported already. It never throws for what a person wrote.
 */
export function decode(document: DocMap | undefined, broken?: ReadonlySet<DocNode>): Decoded {
  const decoding = new Decoding(broken);
  const draft = document === undefined ? undefined : CONFIG_FILE.read(document, topSite(decoding));
  const { problems, files } = decoding;
  return {
    draft: draft ?? { settings: new Settings(), admin: undefined, listeners: undefined, routes: undefined },
    problems,
    files,
  };
}
