/** Where a problem sits, so that the person can go there. */
export type Place =
  | { readonly type: "flag"; readonly name: string }
  | { readonly type: "file"; readonly file: string; readonly at: FilePosition | undefined }
  | { readonly type: "environment"; readonly name: string }
  /** The command line as a whole: something that is missing from it. */
  | { readonly type: "command_line" }
  /** Found when the system refused an address at the start. */
  | { readonly type: "listener"; readonly address: string };

/** A spot in a file. Lines and columns count from 1, columns in UTF-16 units. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
  /** How many columns the caret marks; at least 1. */
  readonly length: number;
  /** The text of that line, for the excerpt. */
  readonly excerpt: string;
  /** Path of the key, `trusted_proxies[1]`; undefined where the file is no tree of keys. */
  readonly key: string | undefined;
}

/** One thing that is wrong (or, as a warning, odd) with what gatekeeper was told. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly place: Place;
  /** What is wrong, one short sentence without the place and without a full stop. */
  readonly message: string;
  /** The text that was found there. */
  readonly seen?: string;
  /** What would be right, in words, with an example. */
  readonly expected?: string;
  /** What to do: the nearest right name, or the next step. */
  readonly help?: string;
}

/** True when one of them stops the start. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** How a place is called in one line: `--bind`, `conf.yaml:3:10 (threads)`. */
export function placeText(place: Place): string {
  switch (place.type) {
    case "flag":
      return place.name;
    case "file": {
      if (place.at === undefined) return place.file;
      const key = place.at.key === undefined ? "" : ` (${place.at.key})`;
      return `${place.file}:${place.at.line}:${place.at.column}${key}`;
    }
    case "environment":
      return `environment ${place.name}`;
    case "command_line":
      return "command line";
    case "listener":
      return `listen ${place.address}`;
    default:
      return place satisfies never;
  }
}
