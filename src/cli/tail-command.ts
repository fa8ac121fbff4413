import { parseDuration } from "../core/units.ts";
import type { Problem } from "../config/problem.ts";
import type { Invocation } from "./argv.ts";
import { painter } from "./live/paint.ts";
import { isShown, parseStatuses, type TailFilter } from "./live/tail-filter.ts";
import { tailLine } from "./live/tail-line.ts";
import { watchRunning } from "./live/watch-running.ts";
import { refuse } from "./main.ts";
import { print } from "./output.ts";

/** `tail`: each request that ends, live. Gives the exit code. */
export async function tail(invocation: Invocation): Promise<number> {
  const { filter, problems } = readFilter(invocation);
  if (problems.length > 0) return refuse(problems);
  const paint = painter(process.stdout.isTTY === true, process.env);
  const end = new AbortController();
  return await watchRunning(invocation, {
    exchanges: true,
    end,
    onEvent: ({ name, data }) => {
      if (name !== "exchanges") return;
      const lines = data.exchanges.filter((each) => isShown(each, filter)).map((each) => `${tailLine(each, paint)}\n`);
      if (lines.length > 0 && !print(lines.join(""))) end.abort();
      if (data.untold > 0) {
        process.stderr.write(`gatekeeper: ${data.untold} more requests ended meanwhile, too many to tell\n`);
      }
    },
  });
}

function readFilter({ values }: Invocation): { readonly filter: TailFilter; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const value = (name: "route" | "status" | "slower-than"): string | undefined => values.get(name)?.[0];
  const wrong = (name: string, seen: string, message: string, expected: string): undefined => {
    problems.push({ severity: "error", place: { type: "flag", name: `--${name}` }, message, seen, expected });
  };
  const [status, slower] = [value("status"), value("slower-than")];
  const statuses = status === undefined ? undefined : parseStatuses(status);
  const time = slower === undefined ? undefined : parseDuration(slower);
  if (statuses?.ok === false) wrong("status", status ?? "", statuses.fault, "such as 5xx, 404, 400-499 or 404,5xx");
  if (time?.ok === false) wrong("slower-than", slower ?? "", time.fault, "a time with its unit, such as 500ms or 2s");
  const filter = {
    route: value("route"),
    statuses: statuses?.ok === true ? statuses.value : undefined,
    slowerThanMs: time?.ok === true ? time.value : undefined,
  };
  return { filter, problems };
}
