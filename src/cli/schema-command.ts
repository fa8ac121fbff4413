import type { Invocation } from "./argv.ts";
import { refuse } from "./main.ts";
import { print } from "./output.ts";
import { hasErrors } from "../config/problem.ts";

/** Prints the JSON Schema of the configuration file. Gives the exit code. */
export async function schema({ problems }: Invocation): Promise<number> {
  if (hasErrors(problems)) return refuse(problems);
  const { jsonSchema } = await import("../config/json-schema.ts");
  print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return 0;
}

/** Prints the reference of every key. Gives the exit code. */
export async function docs({ problems }: Invocation): Promise<number> {
  if (hasErrors(problems)) return refuse(problems);
  const { referenceText } = await import("../config/reference.ts");
  print(referenceText());
  return 0;
}
