/** What is known of one placeholder, for reading templates and for the reference. */
export interface PlaceholderFacts {
  /** One line, as it stands in the reference. */
  readonly doc: string;
  /** Its short spelling (Caddy's, in a Caddyfile). */
  readonly short?: string;
  /** What stands for the `*` that the name ends in; absent where it ends in none. */
  readonly argument?: "name" | "index" | "group";
  /** From when on it has a value; before that it is empty. Default: with the request. */
  readonly since?: "upstream" | "answer" | "authentication";
}

const PLACEHOLDERS = {
  "http.request.host": { short: "host", doc: "the Host without its port" },
  "http.request.hostport": { short: "hostport", doc: "the Host as it was sent" },
  "http.request.port": { short: "port", doc: "the port in the Host; empty where it has none" },
  "http.request.host.labels.*": {
    short: "labels.*",
    argument: "index",
    doc: "a label of the Host, counted from the right: 0 is the last one",
  },
  "http.request.method": { short: "method", doc: "the method" },
  "http.request.orig_method": { short: "orig_method", doc: "the method as the client sent it" },
  "http.request.scheme": { short: "scheme", doc: "`http` or `https`, as the listener speaks it" },
  "http.request.uri": { short: "uri", doc: "path and query as they will be sent upstream" },
  "http.request.uri.path": { short: "path", doc: "the path, decoded" },
  "http.request.uri.path.dir": { short: "dir", doc: "the path up to its last slash, decoded" },
  "http.request.uri.path.file": { short: "file", doc: "the path after its last slash, decoded" },
  "http.request.uri.path.file.base": { short: "file.base", doc: "the file's name without its extension" },
  "http.request.uri.path.file.ext": { short: "file.ext", doc: "the file's extension with its dot" },
  "http.request.uri.query": { short: "query", doc: "the query without `?`, as it was sent" },
  "http.request.uri.prefixed_query": { short: "?query", doc: "the query with its `?`; empty where there is none" },
  "http.request.orig_uri": { short: "orig_uri", doc: "path and query before any rewrite" },
  "http.request.orig_uri.path": { short: "orig_path", doc: "the path before any rewrite, decoded" },
  "http.request.orig_uri.path.dir": { short: "orig_dir", doc: "that path up to its last slash" },
  "http.request.orig_uri.path.file": { short: "orig_file", doc: "that path after its last slash" },
  "http.request.orig_uri.query": { short: "orig_query", doc: "the query before any rewrite" },
  "http.request.remote": { short: "remote", doc: "the address and port of the connection" },
  "http.request.remote.host": { short: "remote_host", doc: "the address of the connection" },
  "http.request.remote.port": { short: "remote_port", doc: "the port of the connection" },
  "http.vars.client_ip": { short: "client_ip", doc: "the client's address as trusted proxies tell it" },
  "http.request.uuid": { short: "uuid", doc: "an identifier of the request, made when it is first asked for" },
  "http.auth.user.id": { since: "authentication", doc: "who basic_auth found the client to be" },
  "http.request.header.*": {
    short: "header.*",
    argument: "name",
    doc: "a field of the request; empty where there is none",
  },
  "http.request.cookie.*": { short: "cookie.*", argument: "name", doc: "a cookie of the request" },
  "http.request.uri.path.*": {
    short: "path.*",
    argument: "index",
    doc: "a segment of the path, decoded: 0 is the first one",
  },
  "http.request.orig_uri.path.*": {
    short: "orig_path.*",
    argument: "index",
    doc: "a segment of the path before any rewrite",
  },
  "http.request.uri.query.*": {
    short: "query.*",
    argument: "name",
    doc: "a parameter of the query, decoded",
  },
  "http.regexp.*": {
    short: "re.*",
    argument: "group",
    doc: "a group of a regular expression that matched: `re.name.1`, `re.name.group`, or `re.1` for the last that did",
  },
  "http.reverse_proxy.upstream.hostport": {
    short: "upstream_hostport",
    since: "upstream",
    doc: "host and port of the upstream that was chosen",
  },
  "http.reverse_proxy.upstream.address": { since: "upstream", doc: "the same, or `unix/` and the path of its socket" },
  "http.reverse_proxy.upstream.host": { since: "upstream", doc: "its host" },
  "http.reverse_proxy.upstream.port": { since: "upstream", doc: "its port" },
  "http.reverse_proxy.upstream.requests": { since: "upstream", doc: "how many requests it has in flight" },
  "http.reverse_proxy.status_code": { since: "answer", doc: "the status of the upstream's answer, in routes for it" },
  "http.reverse_proxy.status_text": { since: "answer", doc: "the same with its phrase: `404 Not Found`" },
  "http.reverse_proxy.header.*": { argument: "name", since: "answer", doc: "a field of the upstream's answer, there" },
  "http.error.status_code": { short: "err.status_code", doc: "the status of a failure, in routes for it" },
  "http.error.status_text": { short: "err.status_text", doc: "its phrase: `Bad Gateway`" },
  "http.error.message": {
    short: "err.message",
    doc: "the message of `error`, or the reason that stands in Proxy-Status",
  },
  "http.response.header.*": { argument: "name", since: "answer", doc: "a field of the answer, in edits of the answer" },
  "time.now": { doc: "the time, `2006-01-02 15:04:05.000 -0700`" },
  "time.now.http": { doc: "the time as HTTP writes it, `Mon, 02 Jan 2006 15:04:05 GMT`" },
  "time.now.common_log": { doc: "the time as the common log writes it, `02/Jan/2006:15:04:05 -0700`" },
  "time.now.rfc3339": { doc: "the time, `2006-01-02T15:04:05Z`" },
  "time.now.unix": { doc: "seconds since 1970" },
  "time.now.unix_ms": { doc: "milliseconds since 1970" },
  "time.now.year": { doc: "the year" },
  "system.hostname": { doc: "the name of this machine" },
} as const satisfies Readonly<Record<string, PlaceholderFacts>>;

export type PlaceholderName = keyof typeof PLACEHOLDERS;

/** Every placeholder by its long name. */
export const PLACEHOLDER_TABLE: Readonly<Record<PlaceholderName, PlaceholderFacts>> = PLACEHOLDERS;

export const PLACEHOLDER_NAMES = Object.keys(PLACEHOLDERS) as readonly PlaceholderName[];

/** Placeholders of Caddy that have no meaning here, by what they begin with, and why. */
export const REFUSED_PLACEHOLDERS: Readonly<Record<string, string>> = {
  env: "the environment is read when the configuration is: write ${NAME} in YAML, {$NAME} in a Caddyfile",
  err: "a failure has a status and a message",
  "http.error": "a failure has a status and a message",
  "http.request.body": "the body is passed on while it comes, never gathered",
  "http.request.proto": "Bun does not tell the version of the protocol",
  "http.request.local": "Bun does not tell the local address of a connection",
  "http.request.tls": "Bun does not tell the facts of the TLS connection",
  tls_cipher: "Bun does not tell the facts of the TLS connection",
  tls_version: "Bun does not tell the facts of the TLS connection",
  tls_client_fingerprint: "clients are not asked for certificates",
  tls_client_issuer: "clients are not asked for certificates",
  tls_client_serial: "clients are not asked for certificates",
  tls_client_subject: "clients are not asked for certificates",
  tls_client_certificate_pem: "clients are not asked for certificates",
  tls_client_certificate_der_base64: "clients are not asked for certificates",
  "http.request.duration": "durations stand in the access log",
  "http.request.duration_ms": "durations stand in the access log",
  "http.reverse_proxy.upstream.latency": "durations stand in the access log",
  "http.reverse_proxy.upstream.duration": "durations stand in the access log",
  "http.reverse_proxy.upstream.fails": "upstreams are counted by the health check alone",
  "http.reverse_proxy.upstream.max_requests": "upstreams have no limit of requests",
  "http.intercept": "there is no intercept",
  "http.matchers": "there is no file server",
  "http.file": "there is no file server",
  file_match: "there is no file server",
  "http.vars": "there are no variables",
  vars: "there are no variables",
};
