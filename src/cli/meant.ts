import { nearest } from "../core/nearest.ts";
import { callOf, settingOf, type SettingName } from "../config/settings/table.ts";
import { meantSetting } from "../config/settings/words.ts";
import { FLAG_BY_LETTER, FLAG_BY_NAME, FLAGS, type Flag } from "./flags.ts";

/** What an unknown flag most likely meant: a flag, or a key that stands only in conf.yaml. */
export type Meant = { readonly flag: Flag } | { readonly key: SettingName };

/** What other programs call the flags here that are no settings. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["config", "conf"],
  ["configuration", "conf"],
  ["file", "conf"],
  ["check", "test"],
  ["validate", "test"],
  ["dry-run", "test"],
  ["usage", "help"],
]);

/** Finds what `word` (without dashes) was meant to be; undefined when nothing is near. */
export function meantFlag(word: string): Meant | undefined {
  const plain = word.toLowerCase();
  const known = FLAG_BY_NAME.get(plain) ?? FLAG_BY_NAME.get(ELSEWHERE.get(plain) ?? "");
  if (known !== undefined) return { flag: known };
  if (plain.length === 1) return byLetter(word);
  const name = nearest(plain, [...FLAG_BY_NAME.keys()]);
  const flag = name === undefined ? undefined : FLAG_BY_NAME.get(name);
  const setting = meantSetting(plain);
  // A setting found under its own name, or under the name another proxy has for it, is surer than a likeness.
  if (setting === undefined) return flag && { flag };
  const ofSetting = FLAG_BY_NAME.get(callOf(setting, "flag").replace(/^--/, ""));
  if (ofSetting !== undefined && settingOf(setting).flag !== undefined) {
    return flag !== undefined && isNearer(plain, flag, ofSetting) ? { flag } : { flag: ofSetting };
  }
  return { key: setting };
}

function isNearer(word: string, flag: Flag, other: Flag): boolean {
  return nearest(word, [other.name, ...other.older, flag.name, ...flag.older]) === flag.name && flag !== other;
}

/** `-v` and `-H` are other programs' letters for what has another case here. */
function byLetter(letter: string): Meant | undefined {
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  const flag = FLAG_BY_LETTER.get(other) ?? FLAGS.find((each) => each.name.startsWith(letter.toLowerCase()));
  return flag && { flag };
}
