import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Settings } from "../../../src/config/given.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { shownConfig } from "../../../src/config/shown.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { configWith } from "../../helpers/proxy.ts";

const TLS = join(import.meta.dir, "../../golden/tls");
const HASH = `$2a$10$${"a".repeat(53)}`;

const FILE = `
listeners:
  - address: :8443
    tls: { cert: ${TLS}/site.pem, key: ${TLS}/site.key }
ca_file: ${TLS}/site.pem
client_cert: ${TLS}/site.pem
client_key: ${TLS}/site.key
admin: { token: 0123456789-admin-token }
routes:
  - match: { header: { X-Api-Key: hidden-match, X-Plain: plain-match }, query: { token: hidden-query } }
    basic_auth: { users: { alice: "${HASH}" } }
    request_header: { set: { Authorization: Bearer hidden-field, X-Plain: plain-field } }
    upstreams: [https://127.0.0.1:1, https://127.0.0.1:2]
    lb_policy: { cookie: { name: stick, secret: hidden-cookie-secret } }
  - respond: { file: page.html }
`;

test("what is served by is shown without what would let somebody in, and without the bytes of files", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "conf.yaml");
  writeFileSync(join(folder.path, "page.html"), "the whole page");
  writeFileSync(path, FILE.replace("page.html", join(folder.path, "page.html")));
  const conf = { path, place: { type: "command_line" } } as const;
  const { config, problems } = await loadConfig({
    flags: new Settings(),
    conf,
    logVariable: undefined,
    environment: {},
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const whole = JSON.stringify(config);
  const shown = JSON.stringify(shownConfig(config));
  for (const secret of ["hidden-match", "hidden-query", "hidden-field", "hidden-cookie-secret", HASH, "PRIVATE KEY"]) {
    // It is there to be hidden.
    expect(whole).toContain(secret);
    expect(shown).not.toContain(secret);
  }
  expect(whole).not.toContain("admin-token");
  expect(shown).not.toContain("the whole page");
  for (const plain of ["plain-match", "plain-field", "alice", "X-Api-Key", "stick", "127.0.0.1", "(14 bytes)"]) {
    expect(shown).toContain(plain);
  }
});

test("a key is hidden also where words stand before it in its file", () => {
  const key =
    "Bag Attributes\n  friendlyName: site\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  const tls = [{ serverNames: [], certFile: "site.pem", keyFile: "site.key", cert: "", key }];
  const shown = JSON.stringify(shownConfig(configWith({ upstreams: [], listener: { tls } })));
  expect(shown).toContain("site.key");
  expect(shown).not.toContain("c2VjcmV0");
});
