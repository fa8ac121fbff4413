/** Filled in by scripts/compile.ts; not there when run from source. */
declare const GATEKEEPER_PAGE: string | undefined;

/**
 * What `GET /` of the admin listener answers: the page, which asks the rest of the same listener (`/events`, and `POST` to
 * `/reload`, `/maintenance` and `/drain`). From source it is bundled anew for each answer.
 */
export async function pageAnswer(): Promise<Response> {
  const html = typeof GATEKEEPER_PAGE === "string" ? GATEKEEPER_PAGE : await fromSource();
  return new Response(html, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": contentSecurityPolicy(html),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    },
  });
}

async function fromSource(): Promise<string> {
  const { bundlePage } = await import("./bundle.ts");
  return await bundlePage();
}

/**
 * Only the script and the style that stand in the file are run and used, by their hashes (CSP Level 3, 6.7.3.3); nothing is
 * fetched but from the listener itself; no text becomes HTML (Trusted Types); nobody puts the page into a frame.
 */
export function contentSecurityPolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashes(html, "script")}`,
    `style-src ${hashes(html, "style")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashes(html: string, element: "script" | "style"): string {
  const found = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>(.*?)</${element}>`, "gs"))];
  const all = found.map(([, text = ""]) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`);
  return all.length === 0 ? "'none'" : all.join(" ");
}
