import { parseDuration } from "../core/units.ts";
import type { Problem } from "../config/problem.ts";
import { parseStatuses } from "../server/admin/events-query.ts";
import type { Invocation } from "./argv.ts";
import { painter } from "./live/paint.ts";
import { tailLine } from "./live/tail-line.ts";
import { watchRunning } from "./live/watch-running.ts";
import { refuse } from "./main.ts";
import { print } from "./output.ts";

/** `tail`: each request that ends, live. Gives the exit code. */
export async function tail(invocation: Invocation): Promise<number> {
  const { query, problems } = readQuery(invocation);
  if (problems.length > 0) return refuse(problems);
  const paint = painter(process.stdout.isTTY === true, process.env);
  const end = new AbortController();
  return await watchRunning(invocation, {
    query,
    end,
    onEvent: ({ name, data }) => {
      if (name !== "exchanges") return;
      if (!print(data.exchanges.map((each) => `${tailLine(each, paint)}\n`).join(""))) end.abort();
      if (data.untold > 0) {
        process.stderr.write(`gatekeeper: ${data.untold} more requests ended meanwhile, too many to tell\n`);
      }
    },
  });
}

/** What the process is asked for. It looks at each request itself, so that those that are wanted are not lost among others. */
function readQuery({ values }: Invocation): { readonly query: URLSearchParams; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const query = new URLSearchParams({ exchanges: "" });
  const read = (
    name: "route" | "status" | "slower-than",
    parse: (text: string) => { readonly ok: boolean; readonly fault?: string },
    expected: string,
  ): void => {
    const [text] = values.get(name) ?? [];
    if (text === undefined) return;
    const { ok, fault = "" } = parse(text);
    const place = { type: "flag", name: `--${name}` } as const;
    if (ok) query.set(name.replace("-", "_"), text);
    else problems.push({ severity: "error", place, message: fault, seen: text, expected });
  };
  read("route", () => ({ ok: true }), "");
  read("status", parseStatuses, "such as 5xx, 404, 400-499 or 404,5xx");
  read("slower-than", parseDuration, "a time with its unit, such as 500ms or 2s");
  return { query, problems };
}
