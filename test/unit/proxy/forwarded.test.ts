import { expect, test } from "bun:test";
import { RequestHead } from "../../../src/proxy/exact/request-head.ts";
import { ForwardedFields, setForwarded } from "../../../src/proxy/forwarded.ts";
import type { LaidOver, Outgoing } from "../../../src/proxy/lane.ts";
import { sessionFor } from "./handlers/request.ts";

const CLIENTS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "user-agent": "a", accept: "*/*", connection: "keep-alive" },
  { "user-agent": "b", accept: "*/*", connection: "close" },
  {
    "user-agent": "c",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.test",
  },
  { "x-forwarded-for": "203.0.113.8, 10.0.0.1", "x-forwarded-port": "1", "x-forwarded": "for" },
  { cookie: "a=b; c=d", "x-bytes": "\xe4\xff" },
  // As many fields as the one before it, with other names.
  { "x-forwarded-host": "evil.test", accept: "text/html" },
];

const { signal } = new AbortController();

function outgoing(headers: Headers, laidOver?: LaidOver): Outgoing {
  return { method: "GET", target: "/a?b", headers, body: undefined, laidOver, signal };
}

const lines = (head: unknown) => String(head).split("\r\n").toSorted();

test.each([false, true])(
  "laid over, fields are the same as when they were copied and edited (trusted: %p)",
  (isTrusted) => {
    const laidOver = new RequestHead("keep-alive");
    const copied = new RequestHead("keep-alive");
    for (let round = 0; round < 3; round++) {
      for (const fields of CLIENTS) {
        const session = sessionFor("/a?b", { headers: { host: "Site.test:81", ...fields } });
        const forwarded = new ForwardedFields(session, isTrusted);
        const edited = new Headers(session.headers);
        edited.delete("connection");
        setForwarded(edited, session, isTrusted);
        const head = laidOver.write(outgoing(forwarded.client, forwarded));
        expect(lines(head)).toEqual(lines(copied.write(outgoing(edited))));
        expect([...forwarded.copy()]).toEqual([...edited]);
        expect(lines(head).filter((line) => /^X-Forwarded-(?:For|Proto|Host):/.test(line))).toEqual([
          `X-Forwarded-For: ${isTrusted && fields["x-forwarded-for"] ? `${fields["x-forwarded-for"]}, ` : ""}192.0.2.9`,
          `X-Forwarded-Host: ${(isTrusted && fields["x-forwarded-host"]) || "Site.test:81"}`,
          `X-Forwarded-Proto: ${(isTrusted && fields["x-forwarded-proto"]) || "http"}`,
        ]);
        expect(lines(head)).toContain("Host: Site.test:81");
        // Those of the client, which logs and routes read, stay as they are.
        expect(session.headers.get("x-forwarded-for")).toBe(fields["x-forwarded-for"] ?? null);
      }
    }
  },
);
