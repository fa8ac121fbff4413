import { describe, expect, test } from "bun:test";
import { exposition, type Family } from "../../../../src/observe/metrics/exposition.ts";
import {
  HistogramTotal,
  SIZE_BOUNDS_BYTES,
  TIME_BOUNDS_MS,
  timeBucket,
} from "../../../../src/observe/metrics/histogram.ts";

const REQUESTS: Family = {
  name: "x_requests",
  type: "counter",
  help: "Requests.",
  samples: [{ labels: { route: "/" }, value: 3 }],
};

function timesOf(times: readonly number[]): HistogramTotal {
  const total = new HistogramTotal(TIME_BOUNDS_MS.length);
  for (const ms of times) total.add({ counts: [timeBucket(ms), 1], sum: ms });
  return total;
}

describe("Prometheus' text", () => {
  test("a counter is called by its sample's name", () => {
    expect(exposition([REQUESTS], "prometheus")).toBe(
      '# HELP x_requests_total Requests.\n# TYPE x_requests_total counter\nx_requests_total{route="/"} 3\n',
    );
  });

  test("an info is a gauge", () => {
    const info: Family = { name: "x_build", type: "info", help: "Build.", samples: [{ labels: { v: "1" }, value: 1 }] };
    expect(exposition([info], "prometheus")).toContain('# TYPE x_build_info gauge\nx_build_info{v="1"} 1\n');
  });

  test("a family without samples is left out", () => {
    expect(exposition([{ ...REQUESTS, samples: [] }], "prometheus")).toBe("");
  });

  test("what stands in a label cannot end it, nor its line", () => {
    const labels = { route: 'a"b\\c\nd{e="f"} 1' };
    const text = exposition([{ ...REQUESTS, samples: [{ labels, value: 1 }] }], "prometheus");
    expect(text.split("\n")[2]).toBe(String.raw`x_requests_total{route="a\"b\\c\nd{e=\"f\"} 1"} 1`);
  });

  test("a help keeps to its line", () => {
    const text = exposition([{ ...REQUESTS, help: 'a\\b\n"c"' }], "prometheus");
    expect(text.split("\n")[0]).toBe(String.raw`# HELP x_requests_total a\\b\n"c"`);
  });

  test("buckets are cumulative, in seconds, with a bound within its own", () => {
    const of = timesOf([0.2, 1, 1.001, 10, 61_000, 5e6]);
    const family: Family = {
      name: "x_seconds",
      type: "histogram",
      unit: "seconds",
      help: ".",
      samples: [{ labels: {}, of }],
    };
    const text = exposition([family], "prometheus");
    const bucket = (le: string): number => Number(new RegExp(`le="${le}"} (\\d+)`).exec(text)?.[1]);
    expect(bucket("0\\.001")).toBe(2);
    expect(bucket("0\\.0025")).toBe(3);
    expect(bucket("0\\.01")).toBe(4);
    expect(bucket("60")).toBe(4);
    expect(bucket("\\+Inf")).toBe(6);
    expect(text).toContain("x_seconds_count 6\n");
    expect(Number(/x_seconds_sum (\S+)/.exec(text)?.[1])).toBeCloseTo(5061.012201, 6);
  });

  test("sizes are told in bytes", () => {
    const of = new HistogramTotal(SIZE_BOUNDS_BYTES.length);
    of.add({ counts: [0, 1, 2, 1], sum: 3_100 });
    const family: Family = {
      name: "x_bytes",
      type: "histogram",
      unit: "bytes",
      help: ".",
      samples: [{ labels: {}, of }],
    };
    const text = exposition([family], "prometheus");
    expect(text).toContain('x_bytes_bucket{le="256"} 1\n');
    expect(text).toContain('x_bytes_bucket{le="4096"} 2\n');
    expect(text).toContain("x_bytes_sum 3100\n");
  });
});

describe("OpenMetrics", () => {
  test("calls a counter without _total, tells units, and ends with EOF", () => {
    const seconds: Family = {
      name: "x_cpu_seconds",
      type: "counter",
      help: 'a "b"',
      samples: [{ labels: {}, value: 1.5 }],
    };
    expect(exposition([seconds], "openmetrics")).toBe(
      '# HELP x_cpu_seconds a \\"b\\"\n# TYPE x_cpu_seconds counter\n# UNIT x_cpu_seconds seconds\nx_cpu_seconds_total 1.5\n# EOF\n',
    );
  });

  test("an info has its own type", () => {
    const info: Family = { name: "x_build", type: "info", help: "Build.", samples: [{ labels: {}, value: 1 }] };
    expect(exposition([info], "openmetrics")).toContain("# TYPE x_build info\nx_build_info 1\n");
  });

  test("a bound has a fraction", () => {
    const family: Family = {
      name: "x_seconds",
      type: "histogram",
      unit: "seconds",
      help: ".",
      samples: [{ labels: {}, of: timesOf([1]) }],
    };
    const text = exposition([family], "openmetrics");
    expect(text).toContain('le="1.0"');
    expect(text).toContain('le="0.0025"');
    expect(text).not.toContain('le="1"');
  });
});
