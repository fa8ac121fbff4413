import { adaptFile } from "../config/adapt.ts";
import { hasErrors } from "../config/problem.ts";
import type { Invocation } from "./argv.ts";
import { refuse, report } from "./main.ts";
import { print } from "./output.ts";
import { loadInvocation } from "./run.ts";

/** Prints the YAML that a Caddyfile means. Gives the exit code. */
export async function adapt(invocation: Invocation): Promise<number> {
  const { conf, actions, problems } = invocation;
  if (conf === undefined || hasErrors(problems)) return refuse(problems);
  if (actions.has("validate")) {
    const loaded = await loadInvocation(invocation, undefined);
    if (hasErrors(loaded.problems)) return refuse(loaded.problems);
  }
  const adapted = await adaptFile(conf, process.env);
  if (adapted.yaml === undefined) return refuse(adapted.problems);
  report(adapted.problems);
  print(adapted.yaml);
  return 0;
}
