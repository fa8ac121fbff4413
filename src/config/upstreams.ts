import { resolveUpstream, type ListenAddress, type UpstreamAddress } from "../core/address.ts";
import { readKeyPair, readRoots } from "./certificate.ts";
import { listenText, upstreamText } from "./describe.ts";
import type { Settings } from "./given.ts";
import { UPSTREAM } from "./kinds.ts";
import { alone } from "./listeners.ts";
import type { UpstreamTlsConfig } from "./model.ts";
import type { Place, Problem } from "./problem.ts";
import { callOf, type SettingName } from "./settings/table.ts";

/** Settings that only mean something when some upstream is spoken TLS to. */
const NEED_TLS = ["sni", "insecure", "ca_file", "client_cert", "client_key", "enable_h2"] as const;

/** The files that settings name and that are read at the start. */
export function namedFiles(settings: Settings): readonly string[] {
  const names = ["cert", "key", "ca_file", "client_cert", "client_key", "maintenance_page"] as const;
  return names.flatMap((name) => settings.all(name).map((given) => given.value));
}

export interface BuiltUpstreams {
  readonly upstreams: readonly UpstreamAddress[];
  readonly problems: readonly Problem[];
}

/**
 * The upstream addresses, whole. `listening` and `local` (the IP addresses of this machine) serve to find a
 * proxy that would forward to itself.
 */
export function buildUpstreams(
  settings: Settings,
  listening: readonly ListenAddress[],
  local: () => readonly string[],
): BuiltUpstreams {
  const problems: Problem[] = [];
  if (!settings.has("upstream")) {
    problems.push({
      severity: "error",
      place: { type: "command_line" },
      message: "--upstream is missing: gatekeeper does not know where to forward to",
      expected: UPSTREAM.expected,
    });
  }
  const tls = settings.value("tls");
  const tlsName = callOf("tls", whereOf(settings.one("tls")?.place));
  const upstreams: UpstreamAddress[] = [];
  for (const { value, text, place } of settings.all("upstream")) {
    const base = { severity: "error", place, seen: text } as const;
    if (tls && value.some((spec) => spec.type === "unix")) {
      problems.push({ ...base, message: `${tlsName} is given, and TLS over a unix socket is not spoken` });
    } else if (tls && value.some((spec) => spec.type === "tcp" && spec.scheme === "http")) {
      problems.push({ ...base, message: `${tlsName} is given, and http:// means no TLS`, expected: "one of the two" });
    }
    const addresses = value.map((spec) => resolveUpstream(spec, tls));
    const loop = addresses.flatMap((up) => listening.filter((own) => isSame(up, own, local)))[0];
    if (loop !== undefined) {
      const message = `gatekeeper listens on ${listenText(loop)} itself: every request would go round in a loop`;
      problems.push({ ...base, message, expected: "the address of another program" });
    }
    const again = addresses.find((up) => upstreams.some((other) => upstreamText(other) === upstreamText(up)));
    if (again !== undefined) {
      const message = `${upstreamText(again)} is there twice: it gets two turns in each round`;
      problems.push({ ...base, severity: "warning", message });
    }
    const plain = addresses.find((up) => up.type === "tcp" && up.port === 443 && !up.tls);
    if (plain?.type === "tcp") {
      const message = "port 443 is TLS nearly always, and no TLS is spoken to it";
      const help = `did you mean https://${upstreamText(plain)}?`;
      problems.push({ ...base, severity: "warning", message, help });
    }
    upstreams.push(...addresses);
  }
  return { upstreams, problems };
}

export interface BuiltUpstreamTls {
  readonly tls: UpstreamTlsConfig;
  readonly problems: readonly Problem[];
}

/**
 * How TLS is spoken to the upstreams, and what contradicts itself in it. `own` are the settings that were given for
 * just these upstreams, and have no meaning when no TLS is spoken to them.
 */
export async function buildUpstreamTls(
  settings: Settings,
  upstreams: readonly { readonly tls: boolean }[],
  now: number,
  own: Settings = settings,
): Promise<BuiltUpstreamTls> {
  const problems: Problem[] = [];
  // Without any upstream that could be read, nobody knows whether there would have been TLS.
  if (upstreams.length > 0 && !upstreams.some((up) => up.tls)) problems.push(...withoutTls(own));
  const insecure = settings.one("insecure");
  const roots = settings.one("ca_file");
  if (insecure?.value === true && roots !== undefined) {
    const [first, second] = [callOf("insecure", whereOf(insecure.place)), callOf("ca_file", whereOf(roots.place))];
    const message = `${first} accepts any certificate, so there is nothing that ${second} could verify`;
    problems.push({ severity: "error", place: roots.place, message, seen: roots.text, expected: "one of the two" });
  } else if (insecure?.value === true && upstreams.some((up) => up.tls)) {
    const message = "any certificate of the upstream is accepted: who sits between can read and change everything";
    problems.push({ severity: "warning", place: insecure.place, message });
  }
  const cert = settings.one("client_cert");
  const key = settings.one("client_key");
  if (cert !== undefined && !settings.has("client_key")) problems.push(alone(cert, "client_cert", "client_key"));
  if (key !== undefined && !settings.has("client_cert")) problems.push(alone(key, "client_key", "client_cert"));
  const pair = cert && key && (await readKeyPair(cert, key, now));
  const ca = roots && (await readRoots(roots));
  problems.push(...(pair?.problems ?? []), ...(ca?.problems ?? []));
  return {
    problems,
    tls: {
      serverName: settings.one("sni")?.value,
      verify: !settings.value("insecure"),
      ca: ca?.value,
      clientCert: pair?.value?.cert,
      clientKey: pair?.value?.key,
      http2: settings.value("enable_h2"),
    },
  };
}

/** What is said about TLS where none is spoken. */
export function withoutTls(settings: Settings): readonly Problem[] {
  const problems: Problem[] = [];
  for (const name of NEED_TLS) {
    const given = settings.one(name);
    if (given === undefined || given.value === false) continue;
    problems.push({
      // Pingora's own key does no harm in a file that was brought along.
      severity: isPingoraKey(name) && given.place.type === "file" ? "warning" : "error",
      place: given.place,
      message: `${callOf(name, whereOf(given.place))} has no meaning here: no upstream is spoken TLS to`,
      ...(given.value !== true && { seen: given.text }),
      expected: "--tls, or an https:// upstream",
    });
  }
  return problems;
}

function whereOf(place: Place | undefined): "file" | "flag" {
  return place?.type === "file" ? "file" : "flag";
}

function isPingoraKey(name: SettingName): boolean {
  return name === "ca_file";
}

const LOOPBACK = /^(?:127\.|::1$|localhost$|0\.0\.0\.0$|::$)/;

/** True when what is dialled is what is listened on. Names other than localhost are not resolved here. */
function isSame(up: UpstreamAddress, own: ListenAddress, local: () => readonly string[]): boolean {
  if (up.type === "unix" || own.type === "unix") {
    return up.type === "unix" && own.type === "unix" && up.path === own.path;
  }
  if (up.port !== own.port) return false;
  if (up.host === own.host) return true;
  if (own.host === "::" || own.host === "0.0.0.0") return LOOPBACK.test(up.host) || local().includes(up.host);
  return LOOPBACK.test(own.host) && (up.host === "localhost" || own.host === "localhost") && LOOPBACK.test(up.host);
}
