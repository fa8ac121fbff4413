import type { UpstreamSpec } from "../../core/address.ts";
import type { Given } from "../given.ts";
import { count, oneOf, UPSTREAM } from "../kinds.ts";
import type { DynamicConfig } from "../model.ts";
import { field, object } from "./object.ts";
import { DNS_NAME } from "./policy-kinds.ts";
import { scalar } from "./scalar.ts";
import { forms, made, oneOrMany, type Schema } from "./schema.ts";

/** What `upstreams` comes to: addresses, or what is looked up in their place. */
export interface UpstreamsDraft {
  readonly addresses: readonly Given<readonly UpstreamSpec[]>[];
  readonly dynamic: DynamicConfig | undefined;
}

const FAMILY = oneOf("FAMILY", ["ipv4", "ipv6"]);

const A = object(
  "addresses of a name",
  { doc: "Every address of a name is an upstream (Caddy's `dynamic a`)." },
  {
    name: field(scalar(DNS_NAME), { doc: "The name", absent: "required" }),
    port: field(scalar(count(1, 65_535)), { doc: "Their port", absent: { default: "80" } }),
    versions: field(oneOrMany(scalar(FAMILY)), { doc: "Which addresses count", absent: { words: "both" } }),
  },
  ({ values: { name, port, versions } }): DynamicConfig | undefined => {
    const counts = (family: string): boolean => versions?.some(({ value }) => value === family) ?? true;
    const families = { ipv4: counts("ipv4"), ipv6: counts("ipv6") };
    return name && { type: "a", name: name.value, port: port?.value ?? 80, ...families, tls: false };
  },
);

const LOOKED_UP: Schema<UpstreamsDraft> = object(
  "looked up upstreams",
  {
    doc: "Upstreams that are looked up, in place of a list (Caddy's `dynamic`).",
    exclusive: [{ keys: ["a", "srv"] }],
    anyOf: ["a", "srv"],
  },
  {
    a: field(A, { doc: "Every address of a name", absent: { words: "not looked up so" } }),
    srv: field(scalar(DNS_NAME), {
      doc: "Every target of an SRV record, those of the lowest priority by their weights",
      absent: { words: "not looked up so" },
    }),
  },
  ({ values: { a, srv } }): UpstreamsDraft | undefined => {
    const dynamic = a ?? (srv && ({ type: "srv", name: srv.value, tls: false } as const));
    return dynamic && { addresses: [], dynamic };
  },
);

/** `upstreams` of a route. */
export const UPSTREAMS: Schema<UpstreamsDraft> = forms(
  made(oneOrMany(scalar(UPSTREAM)), (addresses): UpstreamsDraft => ({ addresses, dynamic: undefined })),
  LOOKED_UP,
);
