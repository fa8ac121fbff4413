import type { Kind } from "../kinds.ts";

/** The headings of `--help`, in their order. */
export const GROUPS = [
  "Listening",
  "Forwarding",
  "TLS to the upstream",
  "Limits",
  "Configuration",
  "Request",
  "Process",
  "Log",
  "Help",
] as const;

export type Group = (typeof GROUPS)[number];

/** How a setting is written on the command line. Its name there is its key with `-` for `_`. */
export interface FlagSpelling {
  readonly group: Group;
  /** The older spellings, without dashes. */
  readonly older?: readonly string[];
  readonly short?: string;
}

/**
 * What comes of a key of conf.yaml: `effective` now; `later` is read and checked, and its effect comes with a
 * later version (such a key has no flag); `no_effect` is Pingora's and means nothing here.
 */
export type KeyStatus = "effective" | "later" | "no_effect";

/**
 * One thing that can be configured. Its key in conf.yaml is its name in the table; flags, the strict
 * checks, the help and the docs are all made from this.
 */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** One line for help and docs. */
  readonly doc: string;
  /** What holds when nothing is said, written as a person would; undefined where there is nothing. */
  readonly default: string | undefined;
  readonly status: KeyStatus;
  /** May be given several times (a list in YAML). */
  readonly repeat?: true;
  /** Undefined: only in conf.yaml. */
  readonly flag?: FlagSpelling;
  /** Where a file gives `null` it is taken as not given (Pingora's optional keys). */
  readonly nullable?: true;
}

/** Keeps the value's type of one entry of the table. */
export function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}
