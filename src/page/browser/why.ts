import type { Exchange } from "../../observe/live.ts";
import { reasonOf, statusReason } from "../../observe/reasons.ts";

/** Why a request failed, in a sentence, and what else is known. */
export function whyOf({ error, status }: Pick<Exchange, "error" | "status">): readonly [string, string | undefined] {
  if (error === undefined) return [statusReason(status), undefined];
  const { sentence, detail } = reasonOf(error);
  return [sentence, detail];
}
