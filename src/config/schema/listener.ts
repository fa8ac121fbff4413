import { nearest } from "../../core/nearest.ts";
import { Settings, type Given } from "../given.ts";
import { FILE, LISTEN, SWITCH } from "../kinds.ts";
import type { SettingName } from "../settings/table.ts";
import type { ListenerDraft, TlsDraft } from "./draft.ts";
import { HOST_PATTERN } from "./match-kinds.ts";
import { field, object, type Field } from "./object.ts";
import { ROUTES } from "./route.ts";
import { scalar } from "./scalar.ts";
import { list, oneOrMany, type Schema } from "./schema.ts";
import { fillSettings, settingFields } from "./setting-fields.ts";

/** Settings that a listener may give for itself; at the top of the file they are the defaults of all. */
export const LISTENER_SETTINGS = [
  "trusted_proxies",
  "client_idle_timeout",
  "client_body_timeout",
  "max_request_body",
] as const satisfies readonly SettingName[];

type SettingFields = Readonly<Record<(typeof LISTENER_SETTINGS)[number], Field<readonly Given<unknown>[]>>>;

const CERTIFICATE: Schema<TlsDraft> = object(
  "certificate",
  { doc: "A certificate with its key." },
  {
    cert: field(scalar(FILE), {
      doc: "Certificate chain (PEM), the leaf first; a relative path is relative to the working directory",
      absent: "required",
    }),
    key: field(scalar(FILE), { doc: "Private key of cert (PEM)", absent: "required" }),
    server_names: field(oneOrMany(scalar(HOST_PATTERN)), {
      doc: "Names it is chosen for where there are several certificates",
      absent: { words: "the names in the certificate" },
    }),
  },
  ({ values: { cert, key, server_names: serverNames } }) => cert && key && { cert, key, serverNames },
);

const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["bind", "address"],
  ["listen", "address"],
  ["addr", "address"],
  ["port", "address"],
  ["addresses", "address"],
  ["ssl", "tls"],
  ["h2", "http2"],
  ["h3", "http3"],
  ["idle_timeout", "client_idle_timeout"],
]);

const FIELDS = {
  address: field(oneOrMany(scalar(LISTEN)), { doc: "Listen address, or a list of them", absent: "required" }),
  tls: field(oneOrMany(CERTIFICATE), {
    doc: "Speak TLS with this certificate; with several, the name that the client asks for chooses, and the first is for every other",
    absent: { words: "plain HTTP" },
  }),
  http2: field(scalar(SWITCH), { doc: "Offer HTTP/2", absent: { words: "true with tls" } }),
  http3: field(scalar(SWITCH), { doc: "Offer HTTP/3 (QUIC, over UDP)", absent: { default: "false" }, needs: "tls" }),
  ...(settingFields(LISTENER_SETTINGS) as SettingFields),
  routes: field(ROUTES, { doc: "Its own routes, in place of those of the file", absent: { words: "the file's" } }),
};

const LISTENER: Schema<ListenerDraft> = object(
  "listener",
  {
    doc: "An address that takes traffic, or several alike.",
    meant: (key) => {
      const plain = key.toLowerCase().replaceAll("-", "_");
      if (Object.hasOwn(FIELDS, plain)) return plain;
      if (plain === "cert" || plain === "key") return `tls: { ${plain}: ... }`;
      return ELSEWHERE.get(plain) ?? nearest(plain, Object.keys(FIELDS));
    },
  },
  FIELDS,
  (filled) => {
    const { values, place } = filled;
    const settings = new Settings();
    fillSettings(settings, filled, LISTENER_SETTINGS);
    return {
      place,
      addresses: values.address ?? [],
      tls: values.tls ?? [],
      hasTls: filled.has("tls"),
      http2: values.http2,
      http3: values.http3,
      settings,
      routes: values.routes ?? (filled.has("routes") ? [] : undefined),
    };
  },
);

/** The listeners of a file. */
export const LISTENERS: Schema<readonly ListenerDraft[]> = list(LISTENER);
