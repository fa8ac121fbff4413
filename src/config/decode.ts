import { Settings } from "./given.ts";
import type { Problem } from "./problem.ts";
import { isSettingName, settingOf, type SettingName } from "./settings/table.ts";
import { meantSetting } from "./settings/words.ts";
import type { SourceText } from "./source-text.ts";
import { takeText } from "./take.ts";
import type { YamlEntry, YamlScalar } from "./yaml.ts";

export interface Decoded {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

/** Turns the keys of a file into settings: names, types and values are checked here, each against the table. */
export function decode(source: SourceText, entries: readonly YamlEntry[]): Decoded {
  const settings = new Settings();
  const problems: Problem[] = [];
  for (const entry of entries) {
    if (isSettingName(entry.key)) problems.push(...decodeEntry(source, settings, entry, entry.key));
    else problems.push(unknownKey(source, settings, entry));
  }
  return { settings, problems };
}

function unknownKey(source: SourceText, settings: Settings, entry: YamlEntry): Problem {
  const meant = meantSetting(entry.key);
  // Who wrote `upstraem` is not to be told as well that `upstream` is missing.
  if (meant !== undefined) settings.attempt(meant);
  return {
    severity: "error",
    place: source.place(entry.keyStart, entry.keyEnd, entry.key),
    message: "this key is not known",
    seen: entry.key,
    help: meant === undefined ? "gatekeeper --help lists the keys" : `did you mean ${meant}?`,
  };
}

function decodeEntry(source: SourceText, settings: Settings, entry: YamlEntry, name: SettingName): readonly Problem[] {
  const { value } = entry;
  if (isScalar(value)) return listOf(decodeScalar(source, settings, value, name, name));
  settings.attempt(name);
  if (settingOf(name).repeat === true) {
    return value.flatMap((item, i) => listOf(decodeScalar(source, settings, item, name, `${name}[${i}]`)));
  }
  const message = "this key takes one value, not a list";
  const place = source.place(entry.keyStart, entry.keyEnd, name);
  return [{ severity: "error", place, message, expected: settingOf(name).kind.expected }];
}

function decodeScalar(
  source: SourceText,
  settings: Settings,
  scalar: YamlScalar,
  name: SettingName,
  key: string,
): Problem | undefined {
  const { kind, nullable } = settingOf(name);
  const isNull = scalar.type === "null";
  if (isNull && nullable === true) return undefined;
  settings.attempt(name);
  const place = source.place(scalar.start, scalar.end, key);
  const base = { severity: "error", place, expected: kind.expected } as const;
  if (isNull) return { ...base, message: "the value is missing" };
  const seen = scalar.text;
  if (kind.yaml === "boolean" && scalar.type !== "boolean") {
    const parsed = kind.parse(seen);
    const meant = parsed.ok ? seen : parsed.suggestion;
    const message = `this is ${nameOf(scalar)}, not true or false`;
    return { ...base, message, seen, ...(meant !== undefined && { help: `did you mean ${meant}?` }) };
  }
  if (kind.yaml === "number" && scalar.type !== "number") {
    const parsed = kind.parse(seen);
    const meant = parsed.ok ? undefined : parsed.suggestion;
    const help = parsed.ok ? { help: `write ${seen} without quotes` } : meant && { help: `did you mean ${meant}?` };
    return { ...base, message: `this is ${nameOf(scalar)}, not a number`, seen, ...help };
  }
  if (kind.yaml !== "boolean" && scalar.type === "boolean") {
    return { ...base, message: `this is ${nameOf(scalar)}`, seen };
  }
  return takeText(settings, { name, text: seen, place, show: (text) => text });
}

function isScalar(value: YamlEntry["value"]): value is YamlScalar {
  return !Array.isArray(value);
}

function nameOf(scalar: YamlScalar): string {
  return scalar.type === "boolean" ? "true or false" : `a ${scalar.type}`;
}

function listOf<T>(item: T | undefined): readonly T[] {
  return item === undefined ? [] : [item];
}
