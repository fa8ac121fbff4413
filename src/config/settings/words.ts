import { nearest } from "../../core/nearest.ts";
import { isSettingName, SETTING_NAMES, settingOf, type SettingName } from "./table.ts";

/**
 * What users of other proxies look for, and what it is called here. None of these is accepted: they only
 * lead to the right name.
 */
const ELSEWHERE: ReadonlyMap<string, SettingName> = new Map<string, SettingName>([
  ["listen", "bind"],
  ["port", "bind"],
  ["from", "bind"],
  ["addr", "bind"],
  ["address", "bind"],
  ["to", "upstream"],
  ["backend", "upstream"],
  ["target", "upstream"],
  ["proxy", "upstream"],
  ["proxy-pass", "upstream"],
  ["forward", "upstream"],
  ["server", "upstream"],
  ["path", "cp"],
  ["prefix", "cp"],
  ["context-path", "cp"],
  ["host-header", "host"],
  ["header-host", "host"],
  ["change-host-header", "host"],
  ["server-name", "sni"],
  ["servername", "sni"],
  ["tls-server-name", "sni"],
  ["ssl", "tls"],
  ["https", "tls"],
  ["skip-verify", "insecure"],
  ["tls-insecure-skip-verify", "insecure"],
  ["no-verify", "insecure"],
  ["ca", "ca_file"],
  ["tls-trusted-ca-certs", "ca_file"],
  ["certificate", "cert"],
  ["tls-cert", "cert"],
  ["tls-key", "key"],
  ["private-key", "key"],
  ["http2", "enable_h2"],
  ["h2", "enable_h2"],
  ["health-check", "hc_freq"],
  ["health-interval", "hc_freq"],
  ["keepalive", "idle_timeout"],
  ["retries", "max_retries"],
  ["policy", "lb_policy"],
  ["balance", "lb_policy"],
  ["load-balancing", "lb_policy"],
  ["health", "health_uri"],
  ["health-path", "health_uri"],
  ["try-duration", "lb_try_duration"],
  ["connect-timeout", "dial_timeout"],
  ["timeout", "response_header_timeout"],
  ["body-timeout", "client_body_timeout"],
  ["request-body-timeout", "client_body_timeout"],
  ["read-body", "client_body_timeout"],
  ["max-conns", "max_connections"],
  ["limit-conn", "max_connections_per_ip"],
  ["max-body-size", "max_request_body"],
  ["client-max-body-size", "max_request_body"],
  ["workers", "threads"],
  ["admin-listen", "admin"],
  ["admin-address", "admin"],
  ["background", "daemon"],
  ["verbose", "log_level"],
  ["debug", "log_level"],
  ["quiet", "log_level"],
  ["grace-period", "grace_period_seconds"],
]);

/** The older spellings of every setting's flag. */
export const OLDER_SPELLINGS: ReadonlyMap<string, SettingName> = new Map(
  SETTING_NAMES.flatMap((name) => (settingOf(name).flag?.older ?? []).map((older) => [older, name] as const)),
);

/**
 * The setting that a word most likely means: its name with other separators or with a slip, an older
 * spelling, or its name in another proxy. Undefined when nothing is near.
 */
export function meantSetting(word: string): SettingName | undefined {
  const plain = word.toLowerCase().replaceAll("_", "-");
  const exact = plain.replaceAll("-", "_");
  if (isSettingName(exact)) return exact;
  const known = OLDER_SPELLINGS.get(plain) ?? ELSEWHERE.get(plain);
  if (known !== undefined) return known;
  const near = nearest(plain, [...SETTING_NAMES, ...OLDER_SPELLINGS.keys(), ...ELSEWHERE.keys()]);
  if (near === undefined) return undefined;
  return isSettingName(near) ? near : (OLDER_SPELLINGS.get(near) ?? ELSEWHERE.get(near));
}
