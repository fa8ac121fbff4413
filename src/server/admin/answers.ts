import type { AdminOutcome } from "./admin-handlers.ts";

/** Of every answer: nobody keeps it, frames it, or takes it for something else. */
const GUARDS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Puts the guards on an answer, where it has none of its own. */
export function guarded(answer: Response): Response {
  for (const [name, value] of Object.entries(GUARDS)) {
    if (!answer.headers.has(name)) answer.headers.set(name, value);
  }
  return answer;
}

/** For people as well: on several lines. */
export function json(value: unknown, init: ResponseInit = {}): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    ...init,
    headers: { "Content-Type": "application/json", ...init.headers },
  });
}

export function failed(status: number, error: string, more: Readonly<Record<string, unknown>> = {}): Response {
  return json({ error, ...more }, { status });
}

export function outcome({ isDone, body }: AdminOutcome): Response {
  return json(body ?? {}, { status: isDone ? 200 : 409 });
}
