import { DIRECTIVES } from "../../../src/config/caddyfile/directive-table.ts";
import { MATCHER_MODULES } from "../../../src/config/caddyfile/matcher-modules.ts";
import { PLACEHOLDER_NAMES, PLACEHOLDER_TABLE, type PlaceholderName } from "../../../src/core/placeholders.ts";
import type { Case } from "./cases.ts";

/** Placeholders that cannot be compared. */
const LEFT_OUT: readonly PlaceholderName[] = [
  // Caddy 2.6.2 does not know them.
  "http.request.uri.prefixed_query",
  "http.request.orig_uri.path.*",
  "http.vars.client_ip",
  "time.now.http",
  "time.now.rfc3339",
  // Never the same twice.
  "http.request.uuid",
  "time.now",
  "time.now.common_log",
  "time.now.unix",
  "time.now.unix_ms",
];

/** Words of blocks, by the directive or option they belong to. */
const WORDS = [
  "handle_response replace_status include exclude status",
  "lb_retries lb_try_duration lb_try_interval lb_retry_match fail_duration max_fails unhealthy_status unhealthy_latency",
  "unhealthy_request_count health_uri health_port health_interval health_timeout health_status health_body health_headers",
  "random random_choose round_robin least_conn first ip_hash uri_hash cookie max_conns_per_host",
  "to lb_policy header_up header_down method rewrite trusted_proxies flush_interval transport",
  "dial_timeout response_header_timeout read_timeout keepalive keepalive_idle_conns versions compression",
  "tls tls_insecure_skip_verify tls_server_name tls_trusted_ca_certs tls_client_auth",
  "strip_prefix strip_suffix replace max_size minimum_length match defer close output format level",
  "admin debug http_port https_port auto_https default_bind grace_period order persist_config servers protocols timeouts",
  "handle_path import bind log not",
].flatMap((line) => line.split(" "));

/** Caddy's older spellings, which the older Caddy is given. */
const OLDER = ["basicauth", "skip_log"];

/** What gatekeeper says it takes and no case has. */
export function unproven(cases: readonly Case[]): readonly string[] {
  const text = cases.map(({ caddyfile }) => caddyfile).join("\n");
  const words = [...Object.keys(DIRECTIVES), ...Object.keys(MATCHER_MODULES), ...WORDS];
  const missing = words.filter((word) => !OLDER.includes(word) && !new RegExp(`(^|\\s)${word}(\\s|$)`, "m").test(text));
  const placeholders = PLACEHOLDER_NAMES.filter((name) => {
    const spellings = [name, PLACEHOLDER_TABLE[name].short ?? name].map((one) => one.replace(/\*$/, ""));
    return !LEFT_OUT.includes(name) && !spellings.some((one) => text.includes(`{${one}`));
  });
  return [...missing, ...placeholders];
}
