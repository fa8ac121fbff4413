/** Global options that are taken. */
export const KNOWN_OPTIONS: readonly string[] = [
  "http_port",
  "https_port",
  "auto_https",
  "grace_period",
  "debug",
  "log",
  "admin",
  "persist_config",
  "default_bind",
  "order",
  "servers",
  "metrics",
];

const CERTIFICATES = "certificates are given by tls CERT KEY; others come with a later version";
const LATER = "it comes with a later version";

/** Caddy's global options that are not taken, and how the same is said here, where it can be. */
export const REFUSED_OPTIONS: ReadonlyMap<string, string> = new Map([
  ...(
    "email acme_ca acme_ca_root acme_dns acme_eab cert_issuer local_certs on_demand_tls ocsp_stapling ocsp_interval " +
    "key_type renew_interval cert_lifetime preferred_chains renewal_window_ratio skip_install_trust pki ech dns " +
    "storage storage_check storage_clean_interval tls_resolvers"
  )
    .split(" ")
    .map((name) => [name, CERTIFICATES] as const),
  ["default_sni", "the certificate that is given first is the one for other names"],
  ["fallback_sni", "the certificate that is given first is the one for other names"],
  ["shutdown_delay", LATER],
  ["events", LATER],
  ["filesystem", "there are no files behind the routes here"],
  ["experimental_http3", "HTTP/3 is offered by servers { protocols h1 h2 h3 }"],
]);
