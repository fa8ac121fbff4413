import { expect, test } from "bun:test";
import { metricsFormat } from "../../../../src/server/admin/metrics-format.ts";

test.each([
  ["", "prometheus"],
  ["*/*", "prometheus"],
  ["text/plain", "prometheus"],
  ["application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text; version=1.0.0; charset=utf-8", "openmetrics"],
  ["application/openmetrics-text;q=0", "prometheus"],
  ["text/plain, application/openmetrics-text;q=0.5", "prometheus"],
  // Prometheus 2.53.
  [
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "openmetrics",
  ],
] as const)("Accept: %p is answered in %s", (accept, format) => {
  expect(metricsFormat(accept)).toBe(format);
});
