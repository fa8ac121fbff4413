import type { Settings } from "./given.ts";
import type { Problem } from "./problem.ts";
import { settingOf, type SettingName } from "./settings/table.ts";

/** True for what is read and checked, but changes nothing in this version. */
export function isWithoutEffect(name: SettingName): boolean {
  return settingOf(name).status !== "effective";
}

/** One warning for a setting that changes nothing in this version; none where it says what holds anyway. */
export function withoutEffect(settings: Settings, name: SettingName): readonly Problem[] {
  const given = settings.one(name);
  const { status, default: standard, kind } = settingOf(name);
  if (given === undefined) return [];
  if (status === "no_effect") {
    const message = `${name} has no effect: it is about Pingora's own runtime`;
    return [{ severity: "warning", place: given.place, message, seen: given.text }];
  }
  const usual = standard === undefined ? undefined : kind.parse(standard);
  if (usual?.ok === true && usual.value === given.value) return [];
  const message = `${name} has no effect yet: it comes with a later version`;
  return [{ severity: "warning", place: given.place, message, seen: given.text }];
}
