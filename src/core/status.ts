/** True when a status is one of these, or there are none. One digit stands for all that begin with it: 5 for 500 to 599. */
export function isStatusLike(status: number, patterns: readonly number[]): boolean {
  if (patterns.length === 0) return true;
  for (const pattern of patterns) if (status === pattern || Math.floor(status / 100) === pattern) return true;
  return false;
}
