import { ProxyError } from "../core/errors.ts";
import type { PageFile } from "../config/model.ts";
import { buffered } from "./bytes.ts";
import { errorResponse } from "./respond.ts";

/** What is said while something is in maintenance. */
export interface MaintenanceNotice {
  /** When clients may come again (RFC 9110 10.2.3). */
  readonly retryAfterSeconds: number;
}

/** What is in maintenance. It can be sent to workers. */
export interface MaintenanceState {
  /** Everything; undefined is not. */
  readonly all: MaintenanceNotice | undefined;
  /** Single routes, by their keys (`ProxyRoute.key`). */
  readonly routes: Readonly<Record<string, MaintenanceNotice>>;
}

/** The switch of a worker, over all its configurations: what is closed answers 503, and what is open goes on. */
export class Maintenance {
  /** Of everything; undefined while it is open. */
  all: MaintenanceNotice | undefined = undefined;
  /** By the keys of routes; undefined while none is closed, so that looking costs nothing. */
  routes: ReadonlyMap<string, MaintenanceNotice> | undefined = undefined;
  /** What clients see in place of the page here. */
  page: PageFile | undefined = undefined;

  set({ all, routes }: MaintenanceState): void {
    this.all = all;
    const closed = Object.entries(routes);
    this.routes = closed.length === 0 ? undefined : new Map(closed);
  }

  /** The answer to a client that takes what `accept` says. */
  answer({ retryAfterSeconds }: MaintenanceNotice, accept: string | null): Response {
    const { page } = this;
    const plain = errorResponse(CLOSED);
    const headers = new Headers(plain.headers);
    headers.set("Retry-After", String(retryAfterSeconds));
    const own = takesHtml(accept) ? HTML : TEXT;
    headers.set("Content-Type", page?.contentType ?? own.type);
    const body = buffered(page?.content ?? own.body);
    headers.set("Content-Length", String(body.length));
    return new Response(body, { status: plain.status, headers });
  }
}

/** Why a request is not served, for the log. */
export const CLOSED = new ProxyError("maintenance", "in maintenance");

const TEXT = {
  type: "text/plain; charset=utf-8",
  body: "Service Unavailable\nThis service is in maintenance. Please come again in a few minutes.\n",
};

const HTML = {
  type: "text/html; charset=utf-8",
  body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>In maintenance</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<h1>In maintenance</h1>
<p>This service is in maintenance. Please come again in a few minutes.</p>
</html>
`,
};

/** Browsers say so by name; `*\/*` alone is a program. A weight of 0 is a no (RFC 9110 12.4.2). */
function takesHtml(accept: string | null): boolean {
  return accept !== null && /\btext\/html\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accept);
}
