import { Settings, type Given } from "../given.ts";
import type { FieldEdits } from "../model.ts";
import type { SettingName } from "../settings/table.ts";
import { UPSTREAM_CARE } from "../settings/upstreams.ts";
import { NEEDING_KEYS } from "../upstream-policy.ts";
import { HOST_TEMPLATE, REWRITE } from "./action-kinds.ts";
import type { ProxyDraft } from "./draft.ts";
import { REQUEST_FIELD_EDITS, UPSTREAM_ANSWER_EDITS } from "./edits.ts";
import { HANDLE_RESPONSE } from "./handle-response.ts";
import { METHOD } from "./match-kinds.ts";
import { field, type Field, type Filled } from "./object.ts";
import { scalar } from "./scalar.ts";
import { lazy } from "./schema.ts";
import { fillSettings, settingFields } from "./setting-fields.ts";
import { UPSTREAMS } from "./upstream-list.ts";
import { checkUpstreamPolicy, policyExtraOf, UPSTREAM_POLICY_FIELDS } from "./upstream-fields.ts";

/** Settings that a route may give for its own upstreams; at the top of the file they are the defaults of all. */
export const PROXY_SETTINGS = [
  "trusted_proxies",
  "dial_timeout",
  "response_header_timeout",
  "read_timeout",
  "write_timeout",
  "idle_timeout",
  "upstream_keepalive_pool_size",
  ...(Object.keys(UPSTREAM_CARE) as (keyof typeof UPSTREAM_CARE)[]).filter((name) => name !== "lb_policy"),
  "upstream_client",
  "max_retries",
  "hc_freq",
  "response_buffer",
  "websocket_max_message",
  "websocket_timeout",
  "websocket_handshake_timeout",
  "tls",
  "sni",
  "insecure",
  "ca_file",
  "client_cert",
  "client_key",
  "enable_h2",
  "stream_close_delay",
] as const satisfies readonly SettingName[];

type SettingFields = Readonly<Record<(typeof PROXY_SETTINGS)[number], Field<readonly Given<unknown>[]>>>;

const beside = { needs: "upstreams" } as const;

/** The keys of a route about its upstreams. */
export const PROXY_FIELDS = {
  upstreams: field(UPSTREAMS, {
    doc: "Where to forward to; several are used as lb_policy says. Keys are for what is looked up",
    absent: { words: "not forwarded" },
  }),
  ...UPSTREAM_POLICY_FIELDS,
  host: field(scalar(HOST_TEMPLATE), {
    ...beside,
    doc: "Host sent upstream, with placeholders",
    absent: { words: "the client's" },
  }),
  header_up: field(REQUEST_FIELD_EDITS, {
    ...beside,
    doc: "Edit the header fields sent upstream, after all else",
    absent: { words: "none" },
  }),
  header_down: field(UPSTREAM_ANSWER_EDITS, {
    ...beside,
    doc: "Edit the header fields of the upstream's answer",
    absent: { words: "none" },
  }),
  handle_response: field(
    lazy(() => HANDLE_RESPONSE),
    {
      ...beside,
      doc: "What is done with some of the upstreams' answers; one or a list, gone through in order",
      absent: { words: "every answer is passed on" },
    },
  ),
  upstream_method: field(scalar(METHOD), {
    ...beside,
    doc: "Method sent upstream",
    absent: { words: "the client's" },
  }),
  upstream_rewrite: field(scalar(REWRITE), {
    ...beside,
    doc: "Path, query or both sent upstream, with placeholders",
    absent: { words: "the client's" },
  }),
  ...(settingFields(PROXY_SETTINGS, "upstreams") as SettingFields),
} as const;

/** What a route says of its upstreams. */
export function proxyOf(filled: Filled<typeof PROXY_FIELDS>): ProxyDraft {
  const { values } = filled;
  const settings = new Settings();
  fillSettings(settings, filled, PROXY_SETTINGS);
  settings.attempt("upstream");
  const { addresses, dynamic } = values.upstreams ?? { addresses: [], dynamic: undefined };
  for (const each of addresses) settings.add("upstream", each);
  const { host, edits } = hostOf(filled);
  // Port ranges are several.
  checkUpstreamPolicy(
    filled,
    dynamic === undefined ? addresses.reduce((sum, { value }) => sum + value.length, 0) : undefined,
  );
  return {
    settings,
    policy: { ...policyExtraOf(filled), dynamic },
    needing: NEEDING_KEYS.filter(isKey).flatMap((key) =>
      filled.has(key) ? [{ key, place: filled.placeOf(key) }] : [],
    ),
    onResponse: values.handle_response ?? [],
    host,
    headerUp: edits,
    headerDown: values.header_down,
    method: values.upstream_method?.value,
    rewrite: values.upstream_rewrite?.value,
  };
}

function isKey(name: string): name is keyof typeof PROXY_FIELDS {
  return Object.hasOwn(PROXY_FIELDS, name);
}

/** Host is no field like the others: a `header_up` that sets it is what `host` says. */
function hostOf(filled: Filled<typeof PROXY_FIELDS>): {
  readonly host: string | undefined;
  readonly edits: FieldEdits | undefined;
} {
  const { host, header_up: edits } = filled.values;
  if (edits === undefined) return { host: host?.value, edits };
  const isHost = (name: string): boolean => name.toLowerCase() === "host";
  const set = edits.set.find((each) => isHost(each.field));
  const others = [...edits.add, ...edits.replace].some((each) => isHost(each.field)) || edits.remove.some(isHost);
  if (others) {
    filled.report("header_up", "Host is always sent upstream, and can only be set", { expected: "host: app.example" });
  }
  if (set === undefined) return { host: host?.value, edits };
  if (host !== undefined) {
    filled.report("header_up", "header_up sets Host, and so does host", { expected: "one of the two" });
  }
  const rest = { ...edits, set: edits.set.filter((each) => each !== set) };
  const isEmpty = rest.add.length + rest.set.length + rest.remove.length + rest.replace.length === 0;
  return { host: set.value, edits: isEmpty ? undefined : rest };
}
