import { type Condition, listed } from "./condition.ts";
import { HostTable } from "./host-table.ts";

/** `host`. Costs the same for one name and for thousands. */
export function compileHosts(hosts: readonly string[]): Condition {
  const table = new HostTable<true>();
  for (const host of hosts) table.at(host, () => true);
  const found: true[] = [];
  return {
    label: `host ${listed(hosts)}`,
    readsPath: false,
    matches({ hostname }) {
      found.length = 0;
      table.collect(hostname, found);
      return found.length > 0;
    },
    reason: ({ hostname }) =>
      hostname === "" ? `there is no host, it is not ${listed(hosts)}` : `the host ${hostname} is not ${listed(hosts)}`,
  };
}
