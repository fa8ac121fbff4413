/** Caddy's order of directives; inside of `route` that of the file holds. */
export const DIRECTIVE_ORDER: readonly string[] = [
  // Of no place in Caddy: it holds for all of its site.
  "handle_errors",
  "tracing",
  "map",
  "vars",
  "fs",
  "root",
  "log_append",
  "skip_log",
  "log_skip",
  "log_name",
  "header",
  "copy_response_headers",
  "request_body",
  "redir",
  "method",
  "rewrite",
  "uri",
  "try_files",
  "basicauth",
  "basic_auth",
  "forward_auth",
  "request_header",
  "encode",
  "push",
  "intercept",
  "templates",
  "invoke",
  "handle",
  "handle_path",
  "route",
  "abort",
  "error",
  "copy_response",
  "respond",
  "metrics",
  "reverse_proxy",
  "php_fastcgi",
  "file_server",
  "acme_server",
];

/** Directives of which only the first that matches runs. */
export const EXCLUSIVE: ReadonlySet<string> = new Set(["handle", "rewrite"]);

/** The name under which a directive is sorted and grouped (Caddy). */
export function sortingName(directive: string): string {
  return directive === "handle_path" ? "handle" : directive;
}

/** Directives of a site that make no route. */
export const SITE_DIRECTIVES: readonly string[] = ["tls", "bind", "log"];
