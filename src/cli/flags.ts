import { callOf, SETTING_NAMES, settingOf, type SettingName } from "../config/settings/table.ts";
import type { Group } from "../config/settings/setting.ts";

/** Flags that are no settings: what is to be done, not how. */
export type Action = "conf" | "test" | "upgrade" | "nocapture" | "help" | "version";

/** One flag of the command line. */
export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** The older spellings, without dashes. */
  readonly older: readonly string[];
  readonly short: string | undefined;
  readonly group: Group;
  /** Empty for a switch, which takes no value. */
  readonly valueName: string;
  readonly doc: string;
  /** As the help shows it; undefined where there is none. */
  readonly default: string | undefined;
  readonly repeat: boolean;
  readonly sets: { readonly setting: SettingName } | { readonly action: Action };
}

function action(name: Action, group: Group, doc: string, short?: string, valueName = ""): Flag {
  return { name, older: [], short, group, valueName, doc, default: undefined, repeat: false, sets: { action: name } };
}

const ACTIONS: readonly Flag[] = [
  action("conf", "Configuration", "Configuration file (conf.yaml); flags win over it", "c", "FILE"),
  action("test", "Configuration", "Do everything but listen, say whether it would start, and exit", "t"),
  action("upgrade", "Process", "Take over from the running process (comes with a later version)", "u"),
  action("nocapture", "Process", "Accepted as the original did; no effect"),
  action("help", "Help", "Show this help and exit", "h"),
  action("version", "Help", "Show the version, the commit and Bun's version, and exit", "V"),
];

function settingFlags(): readonly Flag[] {
  const flags: Flag[] = [];
  for (const name of SETTING_NAMES) {
    const { flag, kind, doc, repeat, default: standard, status } = settingOf(name);
    if (flag === undefined) continue;
    const later = status === "later" ? " (comes with a later version)" : "";
    flags.push({
      name: callOf(name, "flag").slice(2),
      older: flag.older ?? [],
      short: flag.short,
      group: flag.group,
      valueName: kind.valueName,
      doc: `${doc}${later}`,
      default: kind.valueName === "" ? undefined : standard,
      repeat: repeat === true,
      sets: { setting: name },
    });
  }
  return flags;
}

/** Every flag there is, in the order of the help. citty's args, the strict parse and the help are made from it. */
export const FLAGS: readonly Flag[] = [...settingFlags(), ...ACTIONS];

/** Flags by every long spelling, old and new, without dashes. */
export const FLAG_BY_NAME: ReadonlyMap<string, Flag> = new Map(
  FLAGS.flatMap((flag) => [flag.name, ...flag.older].map((name) => [name, flag] as const)),
);

/** Flags by their one letter. */
export const FLAG_BY_LETTER: ReadonlyMap<string, Flag> = new Map(
  FLAGS.flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag] as const])),
);

/** The setting that a flag fills; undefined for an action. */
export function settingName(flag: Flag): SettingName | undefined {
  return "setting" in flag.sets ? flag.sets.setting : undefined;
}
