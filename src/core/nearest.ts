/**
 * The known name that `typed` was most likely meant to be, or undefined when none is close. That is the
 * one name that begins with it, or else the one with the fewest slips (a letter changed, missing, added,
 * or two swapped): one at most for every three letters, and three in all. Case and the kind of separator
 * do not count; the first of equally near names wins.
 */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const wanted = plain(typed);
  const begun = known.filter((name) => plain(name).startsWith(wanted));
  if (begun.length === 1 && wanted.length >= 2) return begun[0];
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(wanted.length / 3)) + 1;
  for (const name of known) {
    const candidate = plain(name);
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const slips = editDistance(wanted, candidate);
    // Two short names may share nothing and still be two slips apart.
    if (slips >= Math.max(wanted.length, candidate.length)) continue;
    if (slips < bestDistance) {
      best = name;
      bestDistance = slips;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** Optimal string alignment distance: changes, insertions, deletions and swaps of neighbours each count 1. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
