import type { Invocation } from "./argv.ts";
import { run } from "./run.ts";

/** `-t` for a file: says whether it would start. Gives the exit code. */
export async function validate(invocation: Invocation): Promise<number> {
  return await run({ ...invocation, actions: new Map([...invocation.actions, ["test", "validate"]]) });
}
