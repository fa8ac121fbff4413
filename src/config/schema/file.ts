import { editDistance } from "../../core/nearest.ts";
import { Settings, type Given } from "../given.ts";
import { SETTING_NAMES, SETTINGS, type SettingName } from "../settings/table.ts";
import { meantSetting } from "../settings/words.ts";
import { ADMIN_SCHEMA } from "./admin.ts";
import { ACCESS_LOG } from "./access-log.ts";
import type { FileDraft } from "./draft.ts";
import { LISTENERS } from "./listener.ts";
import { field, object, type Field } from "./object.ts";
import { ROUTES } from "./route.ts";
import type { Exclusion, Schema } from "./schema.ts";
import { fillSettings, settingFields } from "./setting-fields.ts";

/** What flags say in words, and a file in keys. */
export const FLAGS_ALONE = ["access_log", "access_log_format"] as const satisfies readonly SettingName[];
/** Settings whose key is a plain value. */
type PlainName = Exclude<SettingName, "admin" | (typeof FLAGS_ALONE)[number]>;

const PLAIN_NAMES = SETTING_NAMES.filter(
  (name): name is PlainName => name !== "admin" && !FLAGS_ALONE.some((flag) => flag === name),
);

type SettingFields = Readonly<Record<PlainName, Field<readonly Given<unknown>[]>>>;

const FIELDS = {
  listeners: field(LISTENERS, { doc: "Where traffic comes in, in place of bind", absent: { words: "bind" } }),
  routes: field(ROUTES, {
    doc: "What is done with it, in place of upstream, cp and host. A request that no route answers gets 404",
    absent: { words: "one, made from upstream, cp and host" },
  }),
  access_log: field(ACCESS_LOG, {
    doc: "Log every request: an output alone, or keys. A route may say otherwise",
    absent: { words: "not logged" },
  }),
  ...(settingFields(PLAIN_NAMES) as SettingFields),
  admin: field(ADMIN_SCHEMA, {
    doc: `${SETTINGS.admin.doc}, the flag first`,
    absent: { default: SETTINGS.admin.default ?? "" },
  }),
};

const LISTENERS_SAY = "the listeners say where traffic comes in";
const ROUTES_SAY = "the routes say where it is forwarded to";

/** What says the same as another key. */
const EXCLUSIVE: readonly Exclusion[] = [
  ...["bind", "cert", "key"].map((key) => ({ keys: [key, "listeners"], why: LISTENERS_SAY, at: key })),
  ...["upstream", "cp", "host"].map((key) => ({ keys: [key, "routes"], why: ROUTES_SAY, at: key })),
];

/** A whole configuration file. */
export const CONFIG_FILE: Schema<FileDraft> = object(
  "file",
  {
    doc: "The keys at the top of a file. Those of the flags are the defaults of every route and listener, which may give them for itself.",
    exclusive: EXCLUSIVE,
    meant: meantKey,
    fallback: "gatekeeper --help lists the keys",
  },
  FIELDS,
  (filled) => {
    const settings = new Settings();
    fillSettings(settings, filled, PLAIN_NAMES);
    const { admin, listeners, routes, access_log: accessLog } = filled.values;
    // Keys without `listen` leave that to the environment.
    if (filled.has("admin") && admin === undefined) settings.attempt("admin");
    if (admin?.listen !== undefined) settings.add("admin", admin.listen);
    return {
      settings,
      admin,
      accessLog,
      listeners: listeners ?? (filled.has("listeners") ? [] : undefined),
      routes: routes ?? (filled.has("routes") ? [] : undefined),
    };
  },
);

function meantKey(key: string): string | undefined {
  const plain = key.toLowerCase();
  return ["listeners", "routes"].find((name) => editDistance(plain, name) <= 2) ?? meantSetting(key);
}
