import { callOf, SETTING_NAMES, settingOf, type SettingName } from "../config/settings/table.ts";
import type { Group } from "../config/settings/setting.ts";

/** Flags that are no settings: what is to be done, not how. */
export type Action =
  | "conf"
  | "adapter"
  | "test"
  | "upgrade"
  | "nocapture"
  | "pretty"
  | "validate"
  | "method"
  | "header"
  | "from"
  | "watch"
  | "pid"
  | "now"
  | "user"
  | "retry-after"
  | "once"
  | "route"
  | "status"
  | "slower-than"
  | "cpu-profile"
  | "for"
  | "help"
  | "version";

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
  /** It says how to serve. Others are known to those commands alone that name them. */
  readonly isOfServing: boolean;
  readonly sets: { readonly setting: SettingName } | { readonly action: Action };
}

type ActionFlag = Partial<Pick<Flag, "short" | "older" | "valueName" | "repeat" | "isOfServing">>;

function action(name: Action, group: Group, doc: string, more: ActionFlag = {}): Flag {
  const none = { older: [], short: undefined, valueName: "", default: undefined, repeat: false, isOfServing: true };
  return { name, group, doc, sets: { action: name }, ...none, ...more };
}

const ACTIONS: readonly Flag[] = [
  action("conf", "Configuration", "Configuration file, YAML or a Caddyfile; flags win over it", {
    short: "c",
    older: ["config"],
    valueName: "FILE",
  }),
  action("adapter", "Configuration", "What the file is, where its name and look do not tell: yaml or caddyfile", {
    valueName: "FORM",
  }),
  action("test", "Configuration", "Do everything but listen, say whether it would start, and exit", { short: "t" }),
  action("watch", "Configuration", "Reload when a file of the configuration changes, certificates included"),
  action("pretty", "Configuration", "Accepted as Caddy does; no effect", { isOfServing: false }),
  action("validate", "Configuration", "Check it as well, as validate does", { isOfServing: false }),
  action("method", "Request", "Its method (default: GET)", { short: "X", valueName: "METHOD", isOfServing: false }),
  action("header", "Request", "A field of it, as 'Name: value'; may be repeated", {
    short: "H",
    valueName: "FIELD",
    repeat: true,
    isOfServing: false,
  }),
  action("from", "Request", "The IP that it comes from (default: 127.0.0.1)", { valueName: "IP", isOfServing: false }),
  action("pid", "Process", "The process that is meant, where several run", {
    valueName: "PID",
    isOfServing: false,
  }),
  action("user", "Process", "The user that it runs as, in place of one that systemd makes for it", {
    valueName: "NAME",
    isOfServing: false,
  }),
  action("now", "Process", "Without letting requests end first", { isOfServing: false }),
  action("retry-after", "Process", "When clients are told to come again (default: 120s)", {
    valueName: "SECONDS",
    isOfServing: false,
  }),
  action("once", "Process", "Show how it does now, and exit", { isOfServing: false }),
  action("route", "Process", "Only requests of this route", { valueName: "ROUTE", isOfServing: false }),
  action("status", "Process", "Only these statuses: 5xx, 404, 400-499, or several parted by commas", {
    valueName: "STATUS",
    isOfServing: false,
  }),
  action("slower-than", "Process", "Only requests that took longer", { valueName: "DUR", isOfServing: false }),
  action("cpu-profile", "Process", "Write there, at its end, what it computed with (.cpuprofile)", {
    valueName: "FILE",
  }),
  action("for", "Process", "How long (default: 10s)", { valueName: "DUR", isOfServing: false }),
  action("upgrade", "Process", "Take over from the running process, which then drains and ends", { short: "u" }),
  action("nocapture", "Process", "Accepted as the original did; no effect"),
  action("help", "Help", "Show this help and exit", { short: "h" }),
  action("version", "Help", "Show the version, the commit and Bun's version, and exit", { short: "V" }),
];

function settingFlags(): readonly Flag[] {
  const flags: Flag[] = [];
  for (const name of SETTING_NAMES) {
    const { flag, kind, doc, repeat, default: standard } = settingOf(name);
    if (flag === undefined) continue;
    flags.push({
      name: callOf(name, "flag").slice(2),
      older: flag.older ?? [],
      short: flag.short,
      group: flag.group,
      valueName: kind.valueName,
      doc,
      default: kind.valueName === "" ? undefined : standard,
      repeat: repeat === true,
      isOfServing: true,
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
