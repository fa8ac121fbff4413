import type { ListenAddress } from "../core/address.ts";
import { readKeyPair, type KeyPair } from "./certificate.ts";
import { listenText } from "./describe.ts";
import type { Given, Settings } from "./given.ts";
import type { ListenerConfig, ListenerTlsConfig } from "./model.ts";
import type { Problem } from "./problem.ts";
import { callOf, type SettingName } from "./settings/table.ts";
import { LISTEN } from "./kinds.ts";

/** A listener before anybody knows what it serves. */
export type ListenerPlan = Omit<ListenerConfig, "routes">;

export interface BuiltListeners {
  readonly listeners: readonly ListenerPlan[];
  readonly problems: readonly Problem[];
}

/** The listeners that the settings ask for. They are only of use when no problem is an error. */
export async function buildListeners(settings: Settings, now: number): Promise<BuiltListeners> {
  const problems: Problem[] = [];
  if (!settings.has("bind")) {
    problems.push({
      severity: "error",
      place: { type: "command_line" },
      message: "--bind is missing: gatekeeper does not know where to listen",
      expected: LISTEN.expected,
    });
  }
  problems.push(...clashes(settings.all("bind")));
  const { tls, problems: faults } = await buildFlatTls(settings, now);
  problems.push(...faults);
  const listeners = settings
    .all("bind")
    .flatMap((given) => given.value)
    .map((address) => listenerPlan(address, tls, settings));
  return { listeners, problems };
}

/** The certificate that `cert` and `key` name; none without them. */
export async function buildFlatTls(
  settings: Settings,
  now: number,
): Promise<{ readonly tls: readonly ListenerTlsConfig[]; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const cert = settings.one("cert");
  const key = settings.one("key");
  if (cert !== undefined && !settings.has("key")) problems.push(alone(cert, "cert", "key"));
  if (key !== undefined && !settings.has("cert")) problems.push(alone(key, "key", "cert"));
  const pair = cert && key && (await readKeyPair(cert, key, now));
  if (pair !== undefined) problems.push(...pair.problems);
  return { tls: pair?.value === undefined ? [] : [listenerTls(pair.value, [])], problems };
}

/** A certificate as a listener has it. */
export function listenerTls(pair: KeyPair, serverNames: readonly string[]): ListenerTlsConfig {
  const { certFile, keyFile, cert, key } = pair;
  return { serverNames, certFile, keyFile, cert, key };
}

/** A listener with what the settings say of it. */
export function listenerPlan(
  address: ListenAddress,
  tls: readonly ListenerTlsConfig[],
  settings: Settings,
): ListenerPlan {
  return {
    address,
    tls,
    http2: tls.length > 0,
    http3: false,
    clientIdleTimeoutMs: settings.value("client_idle_timeout"),
    clientBodyTimeoutMs: settings.value("client_body_timeout"),
    maxRequestBodyBytes: settings.value("max_request_body"),
    trustedProxies: networks(settings),
  };
}

/** The networks of `trusted_proxies`, each once. */
export function networks(settings: Settings): readonly string[] {
  return [...new Set(settings.all("trusted_proxies").flatMap((given) => given.value))];
}

/** Two names of one pair were not both given. */
export function alone(given: Given<string>, name: SettingName, other: SettingName): Problem {
  const { place, text } = given;
  const where = place.type === "file" ? "file" : "flag";
  const names = [callOf(name, where), callOf(other, where)];
  const message = names.join(" is given without ");
  return { severity: "error", place, message, seen: text, expected: `both ${names.join(" and ")}` };
}

/** What the system would refuse to listen on beside what comes before it. */
export function clashes(given: readonly Given<readonly ListenAddress[]>[]): readonly Problem[] {
  const problems: Problem[] = [];
  const taken: ListenAddress[] = [];
  for (const { value, text, place } of given) {
    const clash = value.flatMap((address) => taken.filter((other) => overlap(address, other)))[0];
    taken.push(...value);
    if (clash === undefined) continue;
    const isSame = value.some((address) => listenText(address) === listenText(clash));
    const message = isSame
      ? `${listenText(clash)} is there twice`
      : `this overlaps with ${listenText(clash)}, which is listened on already`;
    problems.push({ severity: "error", place, message, seen: text, expected: "each address and port once" });
  }
  return problems;
}

/** True when the system would refuse to listen on both. Port 0 is another port each time. */
function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.type === "unix" || b.type === "unix") return a.type === "unix" && b.type === "unix" && a.path === b.path;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === b.host || a.host === "::" || b.host === "::") return true;
  const isIpv4 = (host: string): boolean => !host.includes(":");
  return (a.host === "0.0.0.0" && isIpv4(b.host)) || (b.host === "0.0.0.0" && isIpv4(a.host));
}
