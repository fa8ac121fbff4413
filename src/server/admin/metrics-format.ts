import type { MetricsFormat } from "../../observe/metrics/exposition.ts";

export const METRICS_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * What an Accept field prefers (RFC 9110 12.5.1): OpenMetrics only for those who name it, and where they like Prometheus'
 * text as much, since Prometheus itself asks for both.
 */
export function metricsFormat(accept: string): MetricsFormat {
  let openMetrics = 0;
  let text = 0;
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = qualityOf(parameters);
    if (type === "application/openmetrics-text") openMetrics = Math.max(openMetrics, weight);
    else if (type === "text/plain") text = Math.max(text, weight);
  }
  return openMetrics > 0 && openMetrics >= text ? "openmetrics" : "prometheus";
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
