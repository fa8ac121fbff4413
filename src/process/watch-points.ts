import { lstatSync, readlinkSync } from "node:fs";
import { join, resolve, sep } from "node:path";

/** As many links as Linux follows in one path. */
const MOST_LINKS = 40;

/**
 * What has to be watched so that nothing that happens to a file is missed: folders, and in each the names that lead to
 * it. Every folder on the way is among them, and every link, since whole folders are put in the place of others: by
 * editors that rename, by Kubernetes (`..data`), by deployments that turn a link (`current`).
 */
export function watchPoints(files: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const points = new Map<string, Set<string>>();
  for (const file of files) follow(resolve(file), points, MOST_LINKS);
  return points;
}

function follow(path: string, points: Map<string, Set<string>>, linksLeft: number): void {
  const names = path.split(sep).filter((name) => name !== "");
  let folder: string = sep;
  for (const [at, name] of names.entries()) {
    const known = points.get(folder);
    if (known === undefined) points.set(folder, new Set([name]));
    else known.add(name);
    const full = join(folder, name);
    const target = linkTarget(full);
    if (target === "missing") return;
    if (target !== undefined) {
      if (linksLeft > 0) follow(resolve(folder, target, ...names.slice(at + 1)), points, linksLeft - 1);
      return;
    }
    folder = full;
  }
}

/** Undefined for what is no link. */
function linkTarget(path: string): string | "missing" | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return "missing";
  }
}
