import type { Certificate } from "../../helpers/certificates.ts";
import type { Serve } from "./faulty-origin.ts";

/** What the client sees in the end. */
export type Outcome =
  /** gatekeeper's own answer: its status, and the reason in Proxy-Status. */
  | { readonly type: "refused"; readonly status: number; readonly reason: string }
  /** The origin's answer, whole. */
  | { readonly type: "whole"; readonly status: number; readonly body: string }
  /** An answer that began and broke off, so that nobody takes it for whole. */
  | { readonly type: "broken" };

/** Who asks: HTTP/1.1 by either of the proxy's ways to an origin, or HTTP/2. */
export type Asker = "fetch lane" | "exact lane" | "HTTP/2";

/** One way in which an origin misbehaves, and what has to come of it. */
export interface Fault {
  /** `what the origin does`, a path too when its spaces are dashes. */
  readonly name: string;
  /** `refusing`: nothing listens. `swallowing`: no SYN is answered. */
  readonly origin: Serve | "refusing" | "swallowing";
  /** The origin speaks TLS, or the proxy thinks that it does. */
  readonly tls?: { readonly certificate: Certificate | undefined };
  readonly method?: string;
  /** Asks for a WebSocket, over HTTP/1.1 alone. */
  readonly isHandshake?: true;
  /** Bytes of the request's body. */
  readonly bodyBytes?: number;
  /** Several where more than one outcome is right. */
  readonly expected: Outcome | readonly Outcome[];
  /** Another outcome for some askers, with the reason beside it. */
  readonly but?: Partial<Record<Asker, Outcome | readonly Outcome[]>>;
  /** The body that the client has to see in the next request to the same peer; undefined asks no more. */
  readonly next?: string;
  /** True when the failure is the peer's (a strike for its passive health). Default: when it is refused or broken. */
  readonly isStrike?: boolean;
}

export function refused(status: number, reason: string): Outcome {
  return { type: "refused", status, reason };
}

export function whole(body: string, status = 200): Outcome {
  return { type: "whole", status, body };
}

export const BROKEN: Outcome = { type: "broken" };
