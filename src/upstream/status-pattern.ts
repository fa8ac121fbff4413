import type { StatusPattern } from "../config/model.ts";

/** Whether a status is the one of the pattern, or of its hundred (`2` is all from 200 to 299). */
export function matchesStatus(pattern: StatusPattern, status: number): boolean {
  return pattern < 10 ? Math.floor(status / 100) === pattern : status === pattern;
}
