import { expect, test } from "bun:test";
import { WorkerMeter } from "../../../src/observe/metrics/worker-meter.ts";
import { HostLabels } from "../../../src/proxy/host-labels.ts";

function labelOf(hosts: readonly string[], hostname: string): string {
  const meter = new WorkerMeter();
  return meter.hosts[new HostLabels(new Set(hosts), meter).numberOf(hostname)] ?? "";
}

test.each([
  ["a.example", "a.example"],
  ["b.example", "_other"],
  ["x.below.example", "*.below.example"],
  ["x.y.below.example", "_other"],
  ["below.example", "_other"],
  ["own.below.example", "own.below.example"],
  ["api.x.example", "api.*.example"],
  ["api.x.y.example", "_other"],
  ["[::1]", "::1"],
  ["", "_other"],
])("%p counts as %s", (hostname, label) => {
  const hosts = ["a.example", "*.below.example", "own.below.example", "api.*.example", "::1"];
  expect(labelOf(hosts, hostname)).toBe(label);
});

test("without hosts there is nothing to look for", () => {
  expect(new HostLabels(new Set(), new WorkerMeter()).areSome).toBe(false);
});
