import type { RetryConfig } from "../config/model.ts";

/** Without any pause a refusing peer would be asked thousands of times a second. */
export const LEAST_PAUSE_MS = 5;

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  /** Attempts made, this one included. */
  readonly attempts: number;
  /** No byte of the request can have reached an origin. */
  readonly nothingSent: boolean;
  /** It may be sent twice: by its method, or because the configuration says so; and it has no body. */
  readonly isRepeatable: boolean;
  /** Another peer is available that has not failed this request. */
  readonly hasOther: boolean;
  /** When tries end, by the clock of `now`; NaN where no time is set. */
  readonly triesEndAt: number;
}

/** What to do about it: nothing (as there is no more to do, or since the route's budget is used up), the next attempt at once, or after so long. */
export type RetryVerdict = "give-up" | "over-budget" | "retry" | { readonly afterMs: number };

/**
 * Whether a request is tried again (Caddy's `lb_retries`, `lb_try_duration`, `lb_try_interval`; Pingora's `max_retries`
 * where neither of the first two is set). Without any of Caddy's, each further peer is tried once where nothing was sent.
 */
export function retryVerdict(
  config: RetryConfig & { readonly maxAttempts: number },
  attempt: FailedAttempt,
  now: number,
): RetryVerdict {
  const { retries, tryDurationMs, tryIntervalMs, maxAttempts } = config;
  const pauseMs = Math.max(tryIntervalMs, LEAST_PAUSE_MS);
  const isAsked = retries > 0 || tryDurationMs > 0;
  if (!attempt.nothingSent && !(isAsked && attempt.isRepeatable)) return "give-up";
  if (retries > 0 && attempt.attempts > retries) return "give-up";
  if (!isAsked && attempt.attempts >= maxAttempts) return "give-up";
  if (tryDurationMs > 0 && now >= attempt.triesEndAt) return "give-up";
  if (attempt.hasOther) return "retry";
  if (!isAsked) return "give-up";
  // Every peer has had its turn: they are given time before the next one.
  if (tryDurationMs > 0 && now + pauseMs >= attempt.triesEndAt) return "give-up";
  return { afterMs: pauseMs };
}
