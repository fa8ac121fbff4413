import { IDENTITY } from "./identity.ts";
import { ADMIN } from "./admin.ts";
import { LOGGING, PINGORA_ONLY, PROCESS } from "./process.ts";
import { UPSTREAM_CARE } from "./upstreams.ts";
import { FORWARDING, LIMITS, LISTENING, UPSTREAM_TLS } from "./traffic.ts";
import type { Setting } from "./setting.ts";

/** Everything that can be configured, by its key in conf.yaml. The one table that flags, keys, help and docs are made of. */
export const SETTINGS = {
  ...LISTENING,
  ...FORWARDING,
  ...UPSTREAM_CARE,
  ...UPSTREAM_TLS,
  ...LIMITS,
  ...IDENTITY,
  ...PROCESS,
  ...ADMIN,
  ...LOGGING,
  ...PINGORA_ONLY,
};

export type SettingName = keyof typeof SETTINGS;

/** The type of one setting's value. */
export type ValueOf<N extends SettingName> = (typeof SETTINGS)[N] extends Setting<infer T> ? T : never;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The entry of a setting whose name is known only while running. */
export function settingOf(name: SettingName): Setting<unknown> {
  return SETTINGS[name] as Setting<unknown>;
}

/** True for a key of conf.yaml. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** How an error calls a setting: as the command line does, or as a file does. */
export function callOf(name: SettingName, where: "flag" | "file"): string {
  return where === "file" || settingOf(name).flag === undefined ? name : `--${name.replaceAll("_", "-")}`;
}
