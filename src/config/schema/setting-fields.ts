import type { Given, Settings } from "../given.ts";
import { REQUIRED } from "../given.ts";
import { settingOf, type SettingName } from "../settings/table.ts";
import type { Field, Fields, Filled } from "./object.ts";
import { scalar } from "./scalar.ts";
import { made, oneOrMany, type Schema } from "./schema.ts";

/** A setting of the table as the key of an object: the same kind, doc and default wherever it stands. */
export type SettingField = Field<readonly Given<unknown>[]>;

/** The keys of some settings. */
export function settingFields(names: readonly SettingName[], needs?: string): Readonly<Record<string, SettingField>> {
  return Object.fromEntries(names.map((name) => [name, settingField(name, needs)]));
}

function settingField(name: SettingName, needs: string | undefined): SettingField {
  const { kind, doc, default: standard, repeat, nullable, status } = settingOf(name);
  const later = status === "later" ? ". Comes with a later version" : status === "no_effect" ? ". No effect here" : "";
  return {
    schema: repeat === true ? many(name) : made(scalar(kind), (given) => [given]),
    doc: `${doc.replaceAll(/--([a-z-]+)/g, (_, flag: string) => flag.replaceAll("-", "_"))}${later}`,
    absent: standard === undefined ? { words: "none" } : { default: standard },
    ...(nullable === true && { nullable }),
    ...(needs !== undefined && { needs }),
  };
}

function many(name: SettingName): Schema<readonly Given<unknown>[]> {
  const item = scalar(settingOf(name).kind);
  const isRequired = REQUIRED.some((each) => each === name);
  return isRequired ? oneOrMany(item) : oneOrMany(item, { mayBeEmpty: true });
}

/** Adds what was given under the names of settings; what was given wrongly counts as attempted. */
export function fillSettings<F extends Fields>(
  settings: Settings,
  filled: Filled<F>,
  names: readonly (SettingName & keyof F)[],
): void {
  for (const name of names) {
    if (!filled.has(name)) continue;
    settings.attempt(name);
    const given = filled.values[name] as readonly Given<unknown>[] | undefined;
    for (const each of given ?? []) settings.add(name, each);
  }
}
