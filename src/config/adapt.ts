import { printYaml } from "./print-yaml.ts";
import { hasErrors, type Problem } from "./problem.ts";
import { type ConfFile, readConf } from "./read-conf.ts";
import type { Environment } from "./variables.ts";

/** A file as YAML. */
export interface Adapted {
  /** Undefined when a problem is an error. */
  readonly yaml: string | undefined;
  readonly problems: readonly Problem[];
}

/** The YAML that a Caddyfile means. Its values are checked as at a start, what belongs to this machine is not. */
export async function adaptFile(conf: ConfFile, environment: Environment): Promise<Adapted> {
  const { document, problems, isCaddyfile } = await readConf(conf, environment);
  if (document === undefined || hasErrors(problems)) return { yaml: undefined, problems };
  if (isCaddyfile) return { yaml: printYaml(document), problems };
  const { path: seen, place } = conf;
  const help = "--adapter caddyfile where it is one, and neither its name nor its look says so";
  return { yaml: undefined, problems: [{ severity: "error", place, message: "this is YAML already", seen, help }] };
}
