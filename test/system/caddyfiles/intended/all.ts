import { ANSWERS } from "./answers.ts";
import { COMPRESSION } from "./compression.ts";
import type { Table } from "./intended.ts";
import { MATCHING, TLS } from "./matching.ts";
import { ORIGINS } from "./origins.ts";
import { PLACEHOLDERS } from "./placeholders.ts";
import { SOCKETS } from "./sockets.ts";
import { TARGETS } from "./targets.ts";
import { UPSTREAMS } from "./upstreams.ts";

/** Every difference from Caddy 2.6.2 that is meant; each must be met by some request of the cases. */
export const INTENDED = {
  ...ANSWERS,
  ...COMPRESSION,
  ...ORIGINS,
  ...TARGETS,
  ...MATCHING,
  ...TLS,
  ...PLACEHOLDERS,
  ...SOCKETS,
  ...UPSTREAMS,
} as const satisfies Table;

export type IntendedName = keyof typeof INTENDED;
