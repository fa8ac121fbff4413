import { readKeyPair } from "../certificate.ts";
import { Settings, type Given } from "../given.ts";
import { clashes, listenerPlan, listenerTls, type ListenerPlan } from "../listeners.ts";
import type { ListenerTlsConfig } from "../model.ts";
import type { Place, Problem } from "../problem.ts";
import { callOf, type SettingName } from "../settings/table.ts";
import type { ListenerDraft, RouteDraft, TlsDraft } from "./draft.ts";

/** A listener of a file, and the routes it has for itself. */
export interface PlannedListener {
  readonly plan: ListenerPlan;
  readonly routes: readonly RouteDraft[] | undefined;
}

export interface PlannedListeners {
  readonly listeners: readonly PlannedListener[];
  readonly problems: readonly Problem[];
  /** Certificates and keys. */
  readonly files: readonly string[];
}

/** The listeners of a file, `settings` having the defaults of all and what the command line says. */
export async function planListeners(
  drafts: readonly ListenerDraft[],
  settings: Settings,
  now: number,
): Promise<PlannedListeners> {
  const problems: Problem[] = [];
  const listeners: PlannedListener[] = [];
  const effective = withFlags(drafts, settings, problems);
  problems.push(...clashes(effective.flatMap((draft) => draft.addresses)));
  for (const draft of effective) {
    const tls = await readCertificates(draft.tls, now, problems);
    problems.push(...protocolFaults(draft));
    const own = draft.settings.over(settings);
    for (const address of draft.addresses.flatMap((given) => given.value)) {
      const plan = listenerPlan(address, tls, own);
      const http2 = draft.http2?.value ?? plan.http2;
      listeners.push({ plan: { ...plan, http2, http3: draft.http3?.value ?? false }, routes: draft.routes });
    }
  }
  const files = effective.flatMap(({ tls }) => tls.flatMap(({ cert, key }) => [cert.value, key.value]));
  return { listeners, problems, files };
}

/** `--bind` stands in for the addresses of the file, and `--cert` with `--key` for its certificates. */
function withFlags(
  drafts: readonly ListenerDraft[],
  settings: Settings,
  problems: Problem[],
): readonly ListenerDraft[] {
  const [first, second] = drafts;
  const bind = settings.all("bind").filter(isFlag);
  const [cert, key] = [settings.one("cert"), settings.one("key")];
  const own = [cert, key].filter((given) => given !== undefined && isFlag(given));
  if (first === undefined || (bind.length === 0 && own.length === 0)) return drafts;
  const report = (place: Place, message: string, expected: string): void => {
    problems.push({ severity: "error", place, message, expected });
  };
  const [at] = own;
  if (bind.length === 0 && at !== undefined) {
    report(
      at.place,
      "the file's listeners have certificates of their own",
      "--bind as well, in place of its listeners",
    );
    return drafts;
  }
  const [given] = bind;
  if (given !== undefined && second !== undefined && drafts.some((draft) => draft.routes !== undefined)) {
    report(
      given.place,
      `the file has ${drafts.length} listeners with routes of their own`,
      "no --bind, or one listener",
    );
    return drafts;
  }
  for (const [one, other] of [["cert", "key"] as const, ["key", "cert"] as const]) {
    const alone = settings.one(one);
    if (alone === undefined || settings.has(other)) continue;
    const [name, missing] = [callOf(one, "flag"), callOf(other, "flag")];
    report(alone.place, `${name} is given without ${missing}`, `both ${name} and ${missing}`);
  }
  const pair = cert && key ? [{ cert, key, serverNames: undefined }] : undefined;
  const tls = pair ?? first.tls;
  return [{ ...first, addresses: bind, tls, hasTls: tls.length > 0 }];
}

function isFlag(given: Given<unknown>): boolean {
  return given.place.type === "flag";
}

function protocolFaults({ http2, http3, hasTls, addresses }: ListenerDraft): readonly Problem[] {
  const problems: Problem[] = [];
  if (http2?.value === true && !hasTls) {
    problems.push({
      severity: "error",
      place: http2.place,
      message: "http2 is spoken only with tls",
      seen: http2.text,
      expected: "tls: { cert: FILE, key: FILE } beside it",
    });
  }
  const socket = addresses.find((given) => given.value.some((address) => address.type === "unix"));
  if (http3?.value === true && socket !== undefined) {
    const message = "http3 is spoken over UDP, which a unix socket is not";
    problems.push({ severity: "error", place: http3.place, message, seen: http3.text, expected: "a port" });
  }
  return problems;
}

/** The certificates of a listener. Where there are several, each has the names that it is chosen for. */
async function readCertificates(
  drafts: readonly TlsDraft[],
  now: number,
  problems: Problem[],
): Promise<readonly ListenerTlsConfig[]> {
  const certificates: ListenerTlsConfig[] = [];
  const taken = new Map<string, string>();
  for (const { cert, key, serverNames } of drafts) {
    const { value: pair, problems: faults } = await readKeyPair(cert, key, now);
    problems.push(...faults);
    if (pair === undefined) continue;
    const missing = serverNames?.find(({ value }) => !pair.names.some((name) => covers(name, value)));
    if (missing !== undefined) {
      const message = `the certificate is not for ${missing.value}: clients refuse it`;
      const expected = pair.names.length === 0 ? "a certificate with names" : pair.names.join(", ");
      problems.push({ severity: "warning", place: missing.place, message, seen: missing.text, expected });
    }
    const names = serverNames?.map((given) => given.value) ?? pair.names;
    if (names.length === 0 && certificates.length > 0) {
      const message = "there is no name in this certificate that it could be chosen by";
      problems.push({ severity: "error", place: cert.place, message, seen: cert.text, expected: "server_names" });
    }
    for (const [i, name] of names.entries()) {
      const other = taken.get(name);
      const given = serverNames?.[i] ?? cert;
      if (other !== undefined) {
        const message = `${name} has a certificate already, ${other}`;
        problems.push({
          severity: "error",
          place: given.place,
          message,
          seen: given.text,
          expected: "one for each name",
        });
      }
      taken.set(name, pair.certFile);
    }
    certificates.push(listenerTls(pair, drafts.length === 1 ? [] : names));
  }
  return certificates;
}

/** RFC 6125 6.4.3: a wildcard is one whole label. */
function covers(certified: string, name: string): boolean {
  if (certified === name) return true;
  return certified.startsWith("*.") && name.slice(name.indexOf(".")) === certified.slice(1);
}

/** What the command line says that the routes of a file say as well. */
export function besideRoutes(settings: Settings): readonly Problem[] {
  const names: readonly SettingName[] = ["upstream", "cp", "host"];
  return names.flatMap((name) => {
    const given = settings.one(name);
    if (given === undefined || !isFlag(given)) return [];
    const message = "the routes of the file say where it is forwarded to";
    const expected = "a file without routes, or the flag left out";
    return [{ severity: "error", place: given.place, message, seen: given.text, expected }];
  });
}
