/** A host pattern of Caddy's `host`: `*` as a whole label is any one label; otherwise equal. Ports do not count. */
export type HostPattern =
  | { readonly type: "exact"; readonly host: string }
  /** `*.example.com`: the rest after the first dot. By far the most frequent, so it has a form of its own. */
  | { readonly type: "below"; readonly rest: string }
  /** Any other place for `*`, or more than one. `host` is the pattern, with `*` in those places. */
  | { readonly type: "masked"; readonly mask: HostMask; readonly host: string };

/** For each label whether any will do. */
export type HostMask = readonly boolean[];

/** Reads a pattern once. An IPv6 address gets the brackets that it has in a Host. */
export function parseHostPattern(written: string): HostPattern {
  const text = written.toLowerCase();
  const host = text.includes(":") && !text.startsWith("[") ? `[${text}]` : text;
  const mask = host.split(".").map((label) => label === "*");
  if (!mask.includes(true)) return { type: "exact", host };
  if (mask.lastIndexOf(true) === 0 && mask.length > 1) return { type: "below", rest: host.slice(2) };
  return { type: "masked", mask, host };
}

/** What follows the first dot; undefined where there is none. */
export function restOfHost(hostname: string): string | undefined {
  const dot = hostname.indexOf(".");
  return dot < 0 ? undefined : hostname.slice(dot + 1);
}

/** The name with `*` for each label where any will do; undefined for a name with another number of labels. */
export function maskHost(hostname: string, mask: HostMask): string | undefined {
  if (countLabels(hostname) !== mask.length) return undefined;
  const labels = hostname.split(".");
  return labels.map((label, at) => (mask[at] === true ? "*" : label)).join(".");
}

function countLabels(hostname: string): number {
  let count = 1;
  for (let dot = hostname.indexOf("."); dot >= 0; dot = hostname.indexOf(".", dot + 1)) count++;
  return count;
}
