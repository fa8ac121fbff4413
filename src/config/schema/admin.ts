import { ADMIN_LISTEN, ADMIN_ORIGIN, ADMIN_TOKEN } from "../admin-kinds.ts";
import type { AdminOrigin } from "../admin-model.ts";
import type { Given } from "../given.ts";
import type { ListenAddress } from "../model.ts";
import { ADMIN } from "../settings/admin.ts";
import { field, object } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, made, oneOrMany, type Schema } from "./schema.ts";
import { readSecret } from "./secret.ts";

/** What a file says of the admin listener. */
export interface AdminDraft {
  readonly listen: Given<ListenAddress | "off"> | undefined;
  readonly token: string | undefined;
  /** A token is there, rightly or wrongly. */
  readonly hasToken: boolean;
  readonly origins: readonly AdminOrigin[];
}

const WORD: Schema<AdminDraft> = made(scalar(ADMIN_LISTEN), (listen) => ({
  listen,
  token: undefined,
  hasToken: false,
  origins: [],
}));

const KEYS: Schema<AdminDraft> = object(
  "admin",
  { doc: "The listener for whoever runs the process: health, metrics, what is served by, commands." },
  {
    listen: field(scalar(ADMIN_LISTEN), {
      doc: "Where it listens, or off; a unix socket can be opened by the process's own user alone",
      absent: { default: ADMIN.admin.default ?? "" },
    }),
    token: field(readSecret(ADMIN_TOKEN), {
      doc: "What changes need to be let in, and reading too where other machines reach it; never over a unix socket. GATEKEEPER_ADMIN_TOKEN comes second",
      absent: { words: "none" },
    }),
    origins: field(oneOrMany(scalar(ADMIN_ORIGIN)), {
      doc: "Names that it is reached by beside its own, where a proxy stands before it",
      absent: { words: "none" },
    }),
  },
  (filled) => {
    const { listen, token, origins = [] } = filled.values;
    return { listen, token, hasToken: filled.has("token"), origins: origins.map(({ value }) => value) };
  },
);

/** An address, or keys. */
export const ADMIN_SCHEMA: Schema<AdminDraft> = forms(WORD, KEYS);
