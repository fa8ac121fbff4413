import type { StatusPattern } from "../config/model.ts";

/** Whether a status is the one of the pattern, or of its hundred (`2` is all from 200 to 299). */
export function matchesStatus(pattern: StatusPattern, status: number): boolean {
  return pattern < 10 ? Math.floor(status / 100) === pattern : status === pattern;
}

/** Whether a status is one of these, or there are none. */
export function matchesAnyStatus(patterns: readonly StatusPattern[], status: number): boolean {
  if (patterns.length === 0) return true;
  for (const pattern of patterns) if (matchesStatus(pattern, status)) return true;
  return false;
}
