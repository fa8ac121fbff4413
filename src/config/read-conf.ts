import { accept, refuse, type Parsed } from "../core/parsed.ts";
import type { DocMap, DocNode } from "./document.ts";
import { hasErrors, type Place, type Problem } from "./problem.ts";
import { REQUIRED, Settings } from "./given.ts";
import { readBytes } from "./read-file.ts";
import type { FileDraft } from "./schema/draft.ts";
import { SourceText } from "./source-text.ts";
import type { Environment } from "./variables.ts";

/** A configuration file that the command line names. */
export interface ConfFile {
  readonly path: string;
  readonly place: Place;
  /** What it is written in; undefined: told by its name and its look. */
  readonly adapter?: Adapter | undefined;
}

/** What a file may be written in, by the name that `--adapter` has for it. */
export const ADAPTERS = ["yaml", "caddyfile"] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** What a configuration file says, before it is looked at as a whole. */
export interface ConfReading {
  readonly draft: FileDraft;
  readonly problems: readonly Problem[];
  /** The file, and the files that it names and that were read for it. */
  readonly files: readonly string[];
  /** The tree of keys that it came to; undefined where its text has an error. */
  readonly document: DocMap | undefined;
  /** In a Caddyfile some things are usual that are odd in YAML. */
  readonly isCaddyfile: boolean;
}

const NOTHING = { admin: undefined, listeners: undefined, routes: undefined };

/** Reads a configuration file, YAML or a Caddyfile by its name or its look; without one nothing was said. */
export async function readConf(conf: ConfFile | undefined, environment: Environment): Promise<ConfReading> {
  const settings = new Settings();
  const nothing = { draft: { ...NOTHING, settings }, document: undefined, isCaddyfile: false };
  if (conf === undefined) return { ...nothing, problems: [], files: [] };
  const files = [conf.path];
  const text = readText(conf.path);
  if (!text.ok) {
    // What cannot be read may have held what is required.
    for (const name of REQUIRED) settings.attempt(name);
    const base = { severity: "error", place: conf.place, seen: conf.path, expected: "a conf.yaml" } as const;
    const problems = [{ ...base, message: text.fault }];
    return { ...nothing, problems, files };
  }
  const source = new SourceText(conf.path, text.value);
  // Loaded only here: most starts have flags alone, and have to be quick.
  const [{ decode }, { looksLikeCaddyfile }] = await Promise.all([
    import("./decode.ts"),
    import("./caddyfile/looks.ts"),
  ]);
  const isCaddyfile =
    conf.adapter === undefined ? looksLikeCaddyfile(conf.path, text.value) : conf.adapter === "caddyfile";
  const reading = isCaddyfile ? await fromCaddyfile(source, environment) : await fromYaml(source, environment);
  const decoded = decode(reading.document, reading.broken);
  if (reading.isBroken) for (const name of REQUIRED) decoded.draft.settings.attempt(name);
  return {
    draft: decoded.draft,
    problems: [...reading.problems, ...decoded.problems],
    files: [...files, ...reading.files, ...decoded.files],
    document: reading.document,
    isCaddyfile,
  };
}

/** What a reader of text made of a file. */
interface TextReading {
  readonly document: DocMap | undefined;
  readonly broken: ReadonlySet<DocNode> | undefined;
  readonly problems: readonly Problem[];
  readonly isBroken: boolean;
  readonly files: readonly string[];
}

function readText(path: string): Parsed<string> {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  try {
    return accept(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value));
  } catch {
    return refuse("the file is not UTF-8 text");
  }
}

async function fromYaml(source: SourceText, environment: Environment): Promise<TextReading> {
  const { readYaml } = await import("./yaml.ts");
  const { document, broken, problems, isBroken } = readYaml(source, environment);
  return { document, broken, problems, isBroken, files: [] };
}

async function fromCaddyfile(source: SourceText, environment: Environment): Promise<TextReading> {
  const [{ readCaddyfile }, { systemInput }] = await Promise.all([
    import("./caddyfile/read.ts"),
    import("./caddyfile/input.ts"),
  ]);
  const input = { ...systemInput(), env: (name: string) => environment[name] };
  const { document, problems, files } = readCaddyfile(source, input);
  // Where it has an error there is no document, and nobody knows what was in it.
  return { document, broken: undefined, problems, isBroken: hasErrors(problems), files };
}
