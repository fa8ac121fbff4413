import type { Settings } from "./given.ts";
import type { Problem } from "./problem.ts";

const DAEMON_ONLY = ["error_log", "user", "group", "working_directory", "daemon_wait_for_ready"] as const;

/** One warning for each setting that only a daemon obeys, where there is to be none: Pingora's meaning of them. */
export function daemonProblems(settings: Settings): readonly Problem[] {
  if (settings.value("daemon")) return [];
  return DAEMON_ONLY.flatMap((name) => {
    const given = settings.one(name);
    if (given === undefined || given.value === false) return [];
    const message = "this has an effect with --daemon alone";
    return [{ severity: "warning", place: given.place, message, seen: given.text } as const];
  });
}
