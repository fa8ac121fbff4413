import { describe, expect, test } from "bun:test";
import { PLACEHOLDER_NAMES, PLACEHOLDER_TABLE } from "../../../src/core/placeholders.ts";
import { parseTemplate } from "../../../src/core/template.ts";

/** Parts shortly: texts as they are, placeholders as `<name argument>`. */
function read(text: string): string {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.value
    .map((part) => (part.type === "text" ? part.text : `<${`${part.name} ${part.argument}`.trim()}>`))
    .join("");
}

describe("a template", () => {
  test.each([
    ["", ""],
    ["plain", "plain"],
    ["{host}", "<http.request.host>"],
    ["{http.request.host}", "<http.request.host>"],
    ["a{method}b{uri}c", "a<http.request.method>b<http.request.uri>c"],
    ["{header.X-A}{http.request.header.X.B}", "<http.request.header.* X-A><http.request.header.* X.B>"],
    [
      "{path}{path.0}{file}{dir}",
      "<http.request.uri.path><http.request.uri.path.* 0><http.request.uri.path.file><http.request.uri.path.dir>",
    ],
    [
      "{query}{query.a}{?query}",
      "<http.request.uri.query><http.request.uri.query.* a><http.request.uri.prefixed_query>",
    ],
    ["{re.n.1}{re.2}{http.regexp.n.1}", "<http.regexp.* n.1><http.regexp.* 2><http.regexp.* n.1>"],
    [
      "{upstream_hostport}{rp.upstream.hostport}",
      "<http.reverse_proxy.upstream.hostport><http.reverse_proxy.upstream.hostport>",
    ],
    ["{labels.1}", "<http.request.host.labels.* 1>"],
    ["{http.vars.client_ip}{client_ip}", "<http.vars.client_ip><http.vars.client_ip>"],
  ])("reads %p", (text, parts) => {
    expect(read(text)).toBe(parts);
  });

  test("takes every name of the table, long and short", () => {
    for (const name of PLACEHOLDER_NAMES) {
      const { short, argument } = PLACEHOLDER_TABLE[name];
      expect(argument !== undefined).toBe(name.endsWith(".*"));
      for (const spelling of [name, short ?? name]) {
        const word = spelling.replace(/\*$/, argument === "name" ? "x" : "1");
        expect(parseTemplate(`{${word}}`)).toMatchObject({ ok: true, value: [{ type: "placeholder", name }] });
      }
    }
  });

  test.each([
    ['{"a":1}', '{"a":1}'],
    ["{}", "{}"],
    ["{ x }", "{ x }"],
    ["{", "{"],
    ["a } b", "a } b"],
    ["{host", "{host"],
    ["body{color:red}", "body{color:red}"],
    ["$1 ${1}", "$1 ${1}"],
    ["a\\b\\", "a\\b\\"],
    // Debian's Caddy 2.6.2 gives the same for this.
    ["{ {host } \\{host} {{host}} {}", "{ {host } {host} {<http.request.host>} {}"],
    ["\\{host\\}", "{host}"],
  ])("keeps what begins no placeholder: %p", (text, parts) => {
    expect(read(text)).toBe(parts);
  });

  test.each([
    ["{hots}", "{host}"],
    ["a {http.request.hots} b", "a {http.request.host} b"],
    ["{haeder.X-A}", "{header.X-A}"],
    ["{re.n.fir-st}", "{re.n.1}"],
  ])("refuses %p and suggests %p", (text, suggestion) => {
    const parsed = parseTemplate(text);
    expect(parsed).toMatchObject({ ok: false, suggestion });
  });

  test.each([
    ["{qwertz}", "is no placeholder; braces that are meant as text are written \\{"],
    ["{env.HOME}", "${NAME} in YAML"],
    ["{http.error.id}", "a status and a message"],
    ["{err.trace}", "a status and a message"],
    ["{tls_version}", "Bun does not tell"],
    ["{http.request.tls.version}", "Bun does not tell"],
    ["{http.vars.x}", "no variables"],
    ["{rp.upstream.latency}", "access log"],
    ["{header.}", "no name after its dot"],
    ["{labels.x}", "no number after its last dot"],
  ])("refuses %p saying why", (text, reason) => {
    const parsed = parseTemplate(text);
    expect(parsed.ok ? "" : parsed.fault).toContain(reason);
  });
});
