import { isLoopback } from "../core/address.ts";
import { ADMIN_TOKEN } from "./admin-kinds.ts";
import type { AdminConfig } from "./admin-model.ts";
import type { Given, Settings } from "./given.ts";
import type { Kind } from "./kinds.ts";
import type { ListenAddress } from "./model.ts";
import type { Place, Problem } from "./problem.ts";
import type { AdminDraft } from "./schema/admin.ts";
import { SETTINGS } from "./settings/table.ts";
import { textProblem } from "./take.ts";
import type { Environment } from "./variables.ts";

/** Where the admin listener is, where neither flag nor file says (Caddy's CADDY_ADMIN). */
export const ADMIN_VARIABLE = "GATEKEEPER_ADMIN";
/** Its token, where the file has none. No flag has it: every user of the machine can read those. */
export const ADMIN_TOKEN_VARIABLE = "GATEKEEPER_ADMIN_TOKEN";

/** The admin listener as flags, file and environment say, in this order. */
export function buildAdmin(
  settings: Settings,
  draft: AdminDraft | undefined,
  environment: Environment,
): { readonly admin: AdminConfig; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const read = <T>(name: string, kind: Kind<T>): Given<T> | undefined => {
    const text = environment[name] ?? "";
    if (text === "") return undefined;
    const place: Place = { type: "environment", name };
    const parsed = kind.parse(text);
    if (parsed.ok) return { value: parsed.value, text, place };
    problems.push(textProblem(kind, parsed, { text, place, show: (suggestion) => suggestion }));
    return undefined;
  };
  const given =
    settings.one("admin") ?? (settings.has("admin") ? undefined : read(ADMIN_VARIABLE, SETTINGS.admin.kind));
  const token = draft?.token ?? read(ADMIN_TOKEN_VARIABLE, ADMIN_TOKEN)?.value;
  const listen = given?.value ?? settings.value("admin");
  const address = listen === "off" ? undefined : listen;
  const hasToken = token !== undefined || draft?.hasToken === true;
  if (given !== undefined && address !== undefined && isOpenToOthers(address) && !hasToken) {
    problems.push(withoutToken(given));
  }
  const origins = draft?.origins ?? [];
  return { admin: { address, isDefault: given === undefined, token, origins }, problems };
}

/** Whether other machines may reach it. */
export function isOpenToOthers(address: ListenAddress): boolean {
  return address.type === "tcp" && !isLoopback(address.host);
}

function withoutToken({ place, text }: Given<unknown>): Problem {
  return {
    severity: "warning",
    place,
    message: "other machines reach the admin listener there, and it has no token: it answers /health and /ready alone",
    seen: text,
    expected: `a token (admin: { listen: ..., token: { file: ... } }, or ${ADMIN_TOKEN_VARIABLE}), or 127.0.0.1`,
  };
}
