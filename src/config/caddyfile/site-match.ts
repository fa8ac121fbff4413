import type { DocNode } from "../document.ts";
import type { SiteAddress } from "./addresses.ts";
import { entry, mapNode, oneOrMore, textNode } from "./nodes.ts";

/** The condition under which a site takes a request; undefined when it takes every one. */
export function siteMatch(addresses: readonly SiteAddress[]): DocNode | undefined {
  const [first] = addresses;
  if (first === undefined) return undefined;
  const isForAllHosts = addresses.some(({ host }) => host === "");
  // Hosts with the same path stand together.
  const byPath = new Map<string, SiteAddress[]>();
  for (const address of addresses) {
    const same = byPath.get(address.path) ?? [];
    if (!same.some(({ host }) => host === address.host)) same.push(address);
    byPath.set(address.path, same);
  }
  const sets = [...byPath].map(([path, group]) => {
    const [at] = group;
    const entries = [];
    if (at !== undefined && !isForAllHosts) {
      entries.push(
        entry(
          "host",
          at.at,
          oneOrMore(
            group.map((each) => textNode(each.at, hostText(each))),
            at.at.span,
          ),
        ),
      );
    }
    if (at !== undefined && path !== "") entries.push(entry("path", at.at, textNode(at.at, path)));
    return mapNode(entries, at?.at.span ?? first.at.span);
  });
  if (sets.some((set) => set.entries.length === 0)) return undefined;
  return oneOrMore(sets, first.at.span);
}

/** A host as conditions have it: IPv6 in brackets. */
export function hostText({ host }: SiteAddress): string {
  return host.includes(":") ? `[${host}]` : host;
}
