import { describe, expect, test } from "bun:test";
import { compileTemplate } from "../../../../src/proxy/template.ts";
import { sessionFor } from "./request.ts";

const FULL = "/a%2Fb/c.d%20e?a=1&a=2%203&b=&%61x=y";

describe("a placeholder has Caddy's value", () => {
  test.each([
    ["{scheme} {method} {host} {port} {hostport}", "http GET www.a.example 81 www.a.example:81"],
    ["{path}|{dir}|{file}|{file.base}|{file.ext}", "/a/b/c.d e|/a/b/|c.d e|c|.d e"],
    ["{path.0}|{path.1}|{path.2}|{path.3}", "a|b|c.d e|"],
    ["{uri}", FULL],
    ["{query}|{?query}", "a=1&a=2%203&b=&%61x=y|?a=1&a=2%203&b=&%61x=y"],
    ["{query.a}|{query.b}|{query.ax}|{query.no}", "1,2 3||y|"],
    ["{labels.0}|{labels.1}|{labels.2}|{labels.3}", "example|a|www|"],
    ["{remote}|{remote_host}|{remote_port}", "192.0.2.9:4711|192.0.2.9|4711"],
    ["{header.X-Q}|{header.no}", "one, two|"],
    ["{cookie.c}|{cookie.d}|{cookie.no}", "v|e=f|"],
    ["{upstream_hostport}|{http.auth.user.id}|{http.response.header.X}", "||"],
  ])("%s", (text, value) => {
    const headers = new Headers({ Cookie: 'c=v; D="e=f"' });
    headers.append("X-Q", "one");
    headers.append("X-Q", "two");
    expect(compileTemplate(text).of(sessionFor(FULL, { headers }))).toBe(value);
  });

  test("after a rewrite the present ones are new and the original ones old", () => {
    const session = sessionFor("/x/y.z?q=1", { method: "POST" });
    session.rewrite("/z?k=v");
    const text =
      "{uri} {orig_uri} {http.request.orig_uri.path} {http.request.orig_uri.query} {orig_method} {orig_file} {orig_dir}";
    expect(compileTemplate(text).of(session)).toBe("/z?k=v /x/y.z?q=1 /x/y.z q=1 POST y.z /x/");
  });

  test("an edited Host is the Host", () => {
    const session = sessionFor("/");
    session.editHeaders().set("host", "[::1]:8080");
    expect(compileTemplate("{host} {port} {hostport}").of(session)).toBe("[::1] 8080 [::1]:8080");
  });

  test("groups of a regular expression by name and of the last one", () => {
    const session = sessionFor("/");
    session.capture("n", ["ab", "a", undefined]);
    session.capture(undefined, ["x", "é"]);
    expect(compileTemplate("{re.n.0}{re.n.1}|{re.n.2}|{re.n.3}|{re.1}|{re.m.1}").of(session)).toBe(
      `aba|||${Buffer.from("é").toString("latin1")}|`,
    );
  });

  test("groups that have a name, by it", () => {
    const session = sessionFor("/");
    session.capture("n", /(?<first>a+)(?<other>x)?/.exec("aab") as RegExpExecArray);
    expect(compileTemplate("{re.n.first}|{re.n.other}|{re.n.none}").of(session)).toBe("aa||");
  });

  test("the client's address by trusted proxies", () => {
    const options = { headers: { "X-Forwarded-For": "198.51.100.1" }, trusted: ["192.0.2.0/24"] };
    expect(compileTemplate("{http.vars.client_ip}").of(sessionFor("/", options))).toBe("198.51.100.1");
    expect(compileTemplate("{client_ip}").of(sessionFor("/"))).toBe("192.0.2.9");
  });

  test("the request's identifier is the same each time, and another for another request", () => {
    const session = sessionFor("/");
    const uuid = compileTemplate("{http.request.uuid}");
    expect(uuid.of(session)).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
    expect(uuid.of(session)).toBe(uuid.of(session));
    expect(uuid.of(sessionFor("/"))).not.toBe(uuid.of(session));
  });

  test("times in their usual forms", () => {
    const session = sessionFor("/");
    const of = (name: string): string => compileTemplate(`{time.now.${name}}`).of(session);
    expect(Math.abs(Number(of("unix")) - Date.now() / 1000)).toBeLessThan(5);
    expect(of("http")).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(of("common_log")).toMatch(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/);
    expect(of("rfc3339")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });
});

describe("a compiled template", () => {
  test("says when it is constant", () => {
    expect(compileTemplate("a \\{b}").constant).toBe("a {b}");
    expect(compileTemplate("{host}").constant).toBeUndefined();
  });

  test("gives bytes, one char for each: literals as UTF-8, fields as they came, paths decoded", () => {
    const bytes = Buffer.from("é").toString("latin1");
    expect(compileTemplate("é").constant).toBe(bytes);
    const session = sessionFor("/%C3%A9", { headers: { "X-A": bytes } });
    expect(compileTemplate("é{path}{header.X-A}").of(session)).toBe(`${bytes}/${bytes}${bytes}`);
  });
});
