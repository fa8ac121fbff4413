import type { SiteAddress } from "./addresses.ts";
import { stableSort } from "./stable-sort.ts";

interface Specific {
  readonly host: number;
  readonly path: number;
  readonly isWildcard: boolean;
}

/** Sorts sites of one listener as Caddy does: the more specific host first, what is for every host last. */
export function sortSites<T extends { readonly addresses: readonly SiteAddress[] }>(sites: T[]): void {
  stableSort(sites, (a, b) => isBefore(specificOf(a.addresses), specificOf(b.addresses)));
}

function isBefore(a: Specific, b: Specific): boolean {
  if (a.host === 0) return false;
  if (b.host === 0) return true;
  if (a.isWildcard !== b.isWildcard) return b.isWildcard;
  return a.host === b.host ? a.path > b.path : a.host > b.host;
}

function specificOf(addresses: readonly SiteAddress[]): Specific {
  let longestPath = "";
  for (const { path } of addresses) if (specificity(path) > specificity(longestPath)) longestPath = path;
  return {
    host: Math.max(0, ...addresses.map(({ host }) => specificity(host))),
    path: longestPath.length,
    isWildcard: addresses.some(({ host }) => host === "" || host.includes("*")),
  };
}

/** Its length without the stars. */
function specificity(text: string): number {
  return text.length - text.split("*").length + 1;
}
