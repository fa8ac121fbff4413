import { globSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { accept, refuse, type Parsed } from "../../core/parsed.ts";
import { readBytes } from "../read-file.ts";

/** What a Caddyfile may reach for beside its own text. */
export interface CaddyfileInput {
  /** The text of a file that is imported, or named by `{file.PATH}`. */
  readFile(path: string): Parsed<string>;
  /** The files that match a pattern, sorted. */
  glob(pattern: string): readonly string[];
  env(name: string): string | undefined;
}

/** The files and the environment of this process. */
export function systemInput(): CaddyfileInput {
  return {
    readFile(path): Parsed<string> {
      const bytes = readBytes(path);
      if (!bytes.ok) return bytes;
      try {
        return accept(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value));
      } catch {
        return refuse("the file is not UTF-8 text");
      }
    },
    glob: (pattern) => globSync(pattern).sort(),
    env: (name) => process.env[name],
  };
}

/** Where an import leads: relative to the file that it stands in (Caddy). */
export function importPath(importing: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(importing), path);
}
