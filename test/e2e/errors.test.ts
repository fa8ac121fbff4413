import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Settings } from "../../src/config/given.ts";
import { loadConfig } from "../../src/config/load.ts";
import { startWorker } from "../../src/process/worker.ts";
import { temporaryFolder } from "../helpers/binary.ts";
import { LANES } from "../helpers/lanes.ts";
import { ProxyUnderTest, RecordingLog } from "../helpers/proxy.ts";
import { refusingPort } from "../helpers/refusing-port.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const [{ fields }] = LANES;

/** The proxy by the text of a file, beside which others may lie; `$DIR` is their folder. */
async function startBy(text: string, files: Readonly<Record<string, string>> = {}): Promise<ProxyUnderTest> {
  using folder = temporaryFolder();
  const path = join(folder.path, text.includes("bind:") ? "conf.yaml" : "Caddyfile");
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder.path, name), content);
  writeFileSync(path, text.replaceAll("$DIR", folder.path));
  const conf = { path, place: { type: "flag", name: "-c" } } as const;
  const { config, problems } = await loadConfig({ flags: new Settings(), conf, logVariable: undefined });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const log = new RecordingLog();
  const listeners = config.listeners.map((each) => ({
    ...each,
    address: { type: "tcp", host: "127.0.0.1", port: 0 } as const,
  }));
  return new ProxyUnderTest(await startWorker({ ...config, listeners }, log), log);
}

async function ask(proxy: ProxyUnderTest, target: string, method = "GET", body = "") {
  await using client = await RawClient.connect(proxy.port);
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const { status, head, body: bytes } = await client.request(method, target, [...fields, ...length], body);
  return { status, head, text: bytes.toString() };
}

test("failures are answered by their status with a file, a text or a redirect; Proxy-Status and no-store stay on", async () => {
  await using origin = RawOrigin.start("HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nmine");
  await using proxy = await startBy(
    `bind: :0
routes:
  - errors:
      - status: [502, 504]
        header: { set: { X-Page: sorry } }
        respond: { file: $DIR/sorry.html }
      - status: 404
        redirect: /home
      - status: 401
        respond: "{err.status_code} {err.status_text} {err.message}"
      - status: 4xx
        respond: { body: "{http.error.message}", status: "418" }
  - match: { path: /dead }
    upstreams: 127.0.0.1:${refusingPort()}
  - match: { path: /error }
    error: { status: "409", message: grün }
  - match: { path: /secret }
    basic_auth: { users: { bob: $2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe } }
  - match: { path: /teapot }
    error: 503
  - match: { path: /origin }
    upstreams: 127.0.0.1:${origin.port}
`,
    { "sorry.html": "<p>sorry" },
  );
  const dead = await ask(proxy, "/dead");
  const said = ["content-type", "x-page", "proxy-status", "cache-control"].map((name) => valueOf(dead.head, name));
  expect([dead.status, dead.text, ...said]).toEqual([
    502,
    "<p>sorry",
    "text/html;charset=utf-8",
    "sorry",
    'gatekeeper; error=connection_refused; details="connection_refused"',
    "no-store",
  ]);
  expect(proxy.log.failures.map(({ facts }) => [facts["status"], facts["reason"]])).toEqual([
    [502, "connection_refused"],
  ]);
  const head = await ask(proxy, "/dead", "HEAD");
  expect([head.status, head.text, valueOf(head.head, "content-length")]).toEqual([502, "", "8"]);
  const missing = await ask(proxy, "/nowhere");
  expect([missing.status, valueOf(missing.head, "location")]).toEqual([302, "/home"]);
  const refused = await ask(proxy, "/secret");
  expect([refused.status, refused.text, valueOf(refused.head, "www-authenticate")]).toEqual([
    401,
    "401 Unauthorized Unauthorized",
    'Basic realm="restricted"',
  ]);
  const own = await ask(proxy, "/error");
  expect([own.status, own.text]).toEqual([418, "grün"]);
  // No route is for this one.
  const none = await ask(proxy, "/teapot");
  expect([none.status, none.text]).toEqual([503, ""]);
  // What an upstream answers is no failure.
  const theirs = await ask(proxy, "/origin");
  expect([theirs.status, theirs.text]).toEqual([500, "mine"]);
});

test("the innermost answers hold, and a failure within them is answered as if there were none", async () => {
  const port = refusingPort();
  await using proxy = await startBy(`bind: :0
routes:
  - errors: { respond: outer }
  - match: { path: /in }
    errors:
      - routes:
          - match: { path: /in/nested }
            error: 555
          - match: { path: /in/dead }
            upstreams: 127.0.0.1:${port}
          - match: { path: /in/header }
            header: { set: { X-None: "1" } }
          - match: { not: { path: /in/header } }
            respond: inner
    upstreams: 127.0.0.1:${port}
  - match: { path: /in/* }
    errors:
      - routes:
          - match: { path: /in/nested }
            error: 555
          - match: { path: /in/dead }
            upstreams: 127.0.0.1:${port}
          - match: { path: /in/header }
            header: { set: { X-None: "1" } }
    upstreams: 127.0.0.1:${port}
`);
  expect((await ask(proxy, "/")).text).toBe("outer");
  expect((await ask(proxy, "/in")).text).toBe("inner");
  for (const target of ["/in/nested", "/in/dead", "/in/other"]) {
    const { status, text, head } = await ask(proxy, target);
    expect([status, text]).toEqual([502, "Bad Gateway\n"]);
    expect(valueOf(head, "proxy-status")).toContain("connection_refused");
  }
  const edited = await ask(proxy, "/in/header");
  expect([edited.status, edited.text, valueOf(edited.head, "x-none")]).toEqual([502, "Bad Gateway\n", "1"]);
});

test("a page may be fetched from an upstream, also for what was not sent anywhere; a body that was sent is not there for it", async () => {
  await using pages = RawOrigin.start(async (exchange) => {
    await exchange.body();
    const text = `page ${exchange.method} ${exchange.target}`;
    exchange.connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  });
  await using proxy = await startBy(`bind: :0
routes:
  - errors:
      - routes: [{ rewrite: "/{err.status_code}.html", upstreams: "127.0.0.1:${pages.port}" }]
  - match: { path: /dead }
    upstreams: 127.0.0.1:${refusingPort()}
  - match: { path: /own }
    error: 403
`);
  const dead = await ask(proxy, "/dead");
  expect([dead.status, dead.text]).toEqual([200, "page GET /502.html"]);
  expect(valueOf(dead.head, "proxy-status")).toContain("connection_refused");
  expect((await ask(proxy, "/own", "POST", "hello")).text).toBe("page POST /403.html");
  expect((await ask(proxy, "/nowhere")).text).toBe("page GET /404.html");
  const posted = await ask(proxy, "/dead", "POST", "hello");
  expect([posted.status, posted.text]).toEqual([502, "Bad Gateway\n"]);
  // The request failed all the same.
  expect(proxy.log.failures.map(({ facts }) => facts["reason"])).toEqual([
    "connection_refused",
    "no_route",
    "connection_refused",
  ]);
  expect(proxy.worker.peers.every(({ inFlight }) => inFlight === 0)).toBe(true);
});

test("handle_errors of a Caddyfile, twice in one site and with statuses", async () => {
  await using proxy = await startBy(`http://:80 {
	header X-Site s
	@boom path /boom*
	error @boom "bang" 418
	error /gone 410
	reverse_proxy 127.0.0.1:${refusingPort()}
	handle_errors 418 5xx {
		header X-Err e
		@none path */none
		respond @none "explicit" 200
		respond "err {err.status_code} {err.message}"
	}
	handle_errors {
		respond "rest {http.error.status_code}"
	}
}
`);
  const boom = await ask(proxy, "/boom");
  expect([boom.status, boom.text, valueOf(boom.head, "x-site"), valueOf(boom.head, "x-err")]).toEqual([
    418,
    "err 418 bang",
    "s",
    "e",
  ]);
  expect((await ask(proxy, "/boom/none")).status).toBe(200);
  expect((await ask(proxy, "/gone")).text).toBe("rest 410");
  const dead = await ask(proxy, "/dead");
  expect([dead.status, dead.text]).toEqual([502, "err 502 connection_refused"]);
});
