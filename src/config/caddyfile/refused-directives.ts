const LATER = "comes with a later version";

/** Caddy's directives that are not taken, and how the same is said here, where it can be. */
export const REFUSED_DIRECTIVES: ReadonlyMap<string, string> = new Map([
  ["abort", "respond 403 { close } answers and closes"],
  ["acme_server", "there is no certificate authority here"],
  ["file_server", "files are served by another program: reverse_proxy to it"],
  ["forward_auth", LATER],
  ["fs", "files are served by another program: reverse_proxy to it"],
  ["intercept", LATER],
  ["invoke", "write a snippet, (NAME) { ... }, and import NAME"],
  ["log_append", LATER],
  ["log_name", LATER],
  ["map", "several header or rewrite lines, each with its matcher, do the same"],
  ["method", "reverse_proxy { method GET } sets the method that is sent upstream"],
  ["metrics", "GET /metrics of the admin listener tells them: the option admin says where that is"],
  ["php_fastcgi", "FastCGI is not spoken: reverse_proxy to a web server before PHP"],
  ["push", "browsers have no server push any more"],
  ["root", "files are served by another program: reverse_proxy to it"],
  ["templates", "templates are filled in by another program: reverse_proxy to it"],
  ["tracing", LATER],
  ["try_files", "there are no files behind the routes here: use rewrite"],
  ["vars", "write the value where the variable would stand"],
]);
