import type { GatewaySession } from "./gateway-ctx.ts";

/** A compiled text with placeholders. What it gives stands for bytes: each char is one, as in header fields. */
export interface Template {
  /** The text, where it has no placeholders. */
  readonly constant: string | undefined;
  /** `answer`: the fields of the answer, where it is there already. */
  of(session: GatewaySession, answer?: Headers): string;
}

/** Compiles a checked text. */
export function compileTemplate(text: string): Template {
  return { constant: text, of: () => text };
}
