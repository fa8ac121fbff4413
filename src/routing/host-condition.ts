import { type Condition, listed } from "./condition.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { HostTable } from "./host-table.ts";

/** `host`. Costs the same for one name and for thousands. */
export function compileHosts(hosts: readonly string[]): Condition {
  const isOneOf = compileTest(hosts);
  return {
    label: `host ${listed(hosts)}`,
    readsPath: false,
    matches: ({ hostname }) => isOneOf(hostname),
    reason: ({ hostname }) =>
      hostname === "" ? `there is no host, it is not ${listed(hosts)}` : `the host ${hostname} is not ${listed(hosts)}`,
  };
}

function compileTest(hosts: readonly string[]): (hostname: string) => boolean {
  const [first] = hosts;
  if (first !== undefined && hosts.length === 1) {
    const only = parseHostPattern(first);
    // Thousands of routes with a name each: no table for every one of them.
    if (only.type === "exact") return (hostname) => hostname === only.host;
  }
  const table = new HostTable<true>();
  for (const host of hosts) table.at(host, () => true);
  const found: true[] = [];
  return (hostname) => {
    found.length = 0;
    table.collect(hostname, found);
    return found.length > 0;
  };
}
