import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/compile.ts";
import { Settings } from "../../src/config/given.ts";
import { loadConfig } from "../../src/config/load.ts";
import { startWorker } from "../../src/process/worker.ts";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { RecordingLog } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

setDefaultTimeout(30_000);

const TEXT = await Bun.file(join(ROOT, "RECIPES.md")).text();
const SITE = makeCertificate({ names: ["app.example.com"], by: makeAuthority() });
const HANDSHAKE = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
const SECRET = Buffer.from("alice:secret").toString("base64");

/** The ports that recipes name. */
type Port = 80 | 443 | 8008;
interface Probe {
  readonly port?: Port;
  readonly target?: string;
  readonly fields?: readonly string[];
  /** What the client gets: a status, and where another is Caddy's for the Caddyfile, that. */
  readonly status: number;
  readonly asCaddyfile?: number;
  readonly location?: string;
  /** Which origin gets it, and what target it sees. */
  readonly origin?: 3000 | 3001;
  readonly sees?: string;
}

const PROBES: Readonly<Record<string, readonly Probe[]>> = {
  "One service": [
    { target: "/a?b", status: 200, origin: 3000, sees: "/a?b" },
    { target: "/ws", fields: ["Connection: Upgrade", ...HANDSHAKE], status: 403, origin: 3000, sees: "/ws" },
  ],
  "Several services by host": [
    { fields: ["Host: app.example.com"], status: 200, origin: 3000 },
    { fields: ["Host: api.example.com:8008"], status: 200, origin: 3001 },
    { fields: ["Host: EU.api.example.com"], status: 200, origin: 3001 },
    { fields: ["Host: other.example.com"], status: 404, asCaddyfile: 200 },
  ],
  "Several services by path": [
    { target: "/api/x", status: 200, origin: 3001, sees: "/api/x" },
    { target: "/apix", status: 200, origin: 3000, sees: "/apix" },
  ],
  "WebSockets only": [
    { target: "/up", fields: ["Connection: keep-alive, Upgrade", ...HANDSHAKE], status: 403, origin: 3000 },
    { target: "/up", status: 404 },
    { target: "/other", fields: ["Connection: Upgrade", ...HANDSHAKE], status: 404 },
  ],
  "Strip a prefix": [
    { target: "/api/users?q=1", status: 200, origin: 3001, sees: "/users?q=1" },
    { target: "/users", status: 404 },
  ],
  "Redirect http to https": [
    { port: 443, fields: ["Host: app.example.com"], target: "/a", status: 200, origin: 3000 },
    {
      port: 80,
      fields: ["Host: app.example.com"],
      target: "/a?b",
      status: 308,
      location: "https://app.example.com/a?b",
    },
  ],
  "Basic auth": [
    { target: "/admin/x", status: 401 },
    { target: "/admin/x", fields: [`Authorization: Basic ${SECRET}`], status: 200, origin: 3000 },
    { target: "/admin/x", fields: ["Authorization: Basic YWxpY2U6d3Jvbmc="], status: 401 },
    { target: "/x", status: 200, origin: 3000 },
  ],
  "Behind Cloudflare, or any other proxy": [
    { fields: ["X-Forwarded-For: 198.51.100.7"], status: 200, origin: 3001 },
    { fields: ["X-Forwarded-For: 203.0.113.7"], status: 200, origin: 3000 },
    // What stands left of the first that is not trusted is anyone's word.
    { fields: ["X-Forwarded-For: 198.51.100.7, 203.0.113.7"], status: 200, origin: 3000 },
    { status: 200, origin: 3000 },
  ],
  "Two upstreams that watch over each other": [{ target: "/a", status: 200, origin: 3000 }],
  "Sticky sessions": [{ target: "/a", status: 200, origin: 3000 }],
  "Error pages": [
    { target: "/a", status: 200, origin: 3000 },
    { target: "/admin", status: 403 },
  ],
  "Answer in place of the upstream": [
    { target: "/a", status: 200, origin: 3000 },
    { target: "/private?x", status: 302, location: "/login?from=/private?x", origin: 3000 },
  ],
  "Upstreams by DNS": [{ target: "/a", status: 200, origin: 3000 }],
};

const sections = TEXT.split(/^## /m).slice(1);

test("every recipe has its probes", () => {
  expect(sections.map((section) => section.split("\n")[0] ?? "")).toEqual(Object.keys(PROBES));
});

for (const section of sections) {
  const name = section.split("\n")[0] ?? "";
  describe(name, () => {
    for (const language of ["caddyfile", "yaml"] as const) {
      test(language, async () => {
        const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section)?.[1];
        if (block === undefined) throw new Error(`there is no ${language} in ${name}`);
        await check(block, language, PROBES[name] ?? []);
      });
    }
  });
}

async function check(block: string, language: "caddyfile" | "yaml", probes: readonly Probe[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "gatekeeper-recipe-"));
  await using first = RawOrigin.start(answer);
  await using second = RawOrigin.start(answer);
  const ports = new Map<number, number>();
  for (const port of [80, 443, 8008]) ports.set(port, refusingPort());
  try {
    await Bun.write(join(dir, "site.pem"), SITE.cert);
    await Bun.write(join(dir, "site.key"), SITE.key);
    const path = join(dir, language === "yaml" ? "gatekeeper.yaml" : "Caddyfile");
    const text = block
      .replaceAll("127.0.0.1:3000", `127.0.0.1:${first.port}`)
      // A name that every machine knows.
      .replaceAll(/app\.internal(\D+)3000/g, `localhost$1${first.port}`)
      .replaceAll("127.0.0.1:3001", `127.0.0.1:${second.port}`)
      .replaceAll(/:(8008|443|80)\b/g, (_, port: string) => `:${ports.get(Number(port))}`)
      .replaceAll(/site\.(pem|key)/g, (file) => join(dir, file));
    const options = language === "caddyfile" && text.includes("tls ") ? ownPorts(ports) : "";
    await Bun.write(path, `${options}${text}`);
    const conf = { path, place: { type: "flag", name: "-c" } } as const;
    const { config, problems } = await loadConfig({ flags: new Settings(), conf, logVariable: undefined });
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
    if (config === undefined) throw new Error("there is no configuration");
    const worker = await startWorker(config, new RecordingLog());
    try {
      for (const probe of probes) await run(probe, language, ports, { 3000: first, 3001: second });
    } finally {
      await worker.stop();
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Ports of one's own in place of 80 and 443. */
function ownPorts(ports: ReadonlyMap<number, number>): string {
  return `{\n\thttp_port ${ports.get(80)}\n\thttps_port ${ports.get(443)}\n}\n`;
}

/** An origin that takes no WebSocket, so that a test sees that it was asked, and shows nobody what is private. */
function answer({ head, target, connection }: Exchange): void {
  const isHandshake = valueOf(head, "sec-websocket-key") !== undefined;
  const status = isHandshake ? "403 Forbidden" : target.startsWith("/private") ? "401 Unauthorized" : "200 OK";
  connection.send(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok`);
}

async function run(
  probe: Probe,
  language: "caddyfile" | "yaml",
  ports: ReadonlyMap<number, number>,
  origins: Readonly<Record<3000 | 3001, RawOrigin>>,
): Promise<void> {
  const before = { 3000: asked(origins[3000]), 3001: asked(origins[3001]) };
  const port = ports.get(probe.port ?? 8008) ?? 0;
  await using client = await RawClient.connect(port, { tls: probe.port === 443 });
  const fields = probe.fields ?? [];
  const host = fields.some((field) => field.startsWith("Host:")) ? [] : [`Host: 127.0.0.1:${port}`];
  const got = await client.request("GET", probe.target ?? "/", [...host, ...fields]);
  const wanted = language === "caddyfile" ? (probe.asCaddyfile ?? probe.status) : probe.status;
  expect({ probe, status: got.status }).toEqual({ probe, status: wanted });
  if (probe.location !== undefined) {
    const location = valueOf(got.head, "location");
    expect(location?.replace(`:${ports.get(443)}`, "")).toBe(probe.location);
  }
  for (const number of [3000, 3001] as const) {
    const grown = asked(origins[number]) - before[number];
    expect({ probe, origin: number, grown }).toEqual({ probe, origin: number, grown: probe.origin === number ? 1 : 0 });
  }
  if (probe.sees !== undefined && probe.origin !== undefined) {
    expect(origins[probe.origin].exchanges.at(-1)?.target).toBe(probe.sees);
  }
}

/** Requests of clients: health checks come when they like. */
function asked(origin: RawOrigin): number {
  return origin.exchanges.filter(({ target }) => target !== "/health").length;
}
