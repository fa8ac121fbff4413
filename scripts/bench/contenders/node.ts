import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../compile.ts";
import { type Contender, versionOf } from "./contender.ts";

/** What is installed for the benchmark alone, and where. */
const PACKAGES = { "http-proxy-3": "1.23.3", "fast-proxy": "2.2.0" } as const;
const FOLDER = join(ROOT, "bench-results/node");

type Package = keyof typeof PACKAGES;

/** Proxies from npm on Node, with a kept connection for each request in flight. */
export async function nodeProxies(): Promise<readonly Contender[]> {
  const node = await versionOf("node", "--version");
  const isInstalled = node !== undefined && (await install());
  return (Object.keys(PACKAGES) as Package[]).map((name) => ({
    name,
    version: isInstalled ? `${name} ${PACKAGES[name]} on Node ${node}` : undefined,
    cores: 1,
    takes: ({ downstream, upstreamTls, observed, routesBefore, encodes }) =>
      downstream === "plain" && !upstreamTls && !observed && !encodes && routesBefore === undefined,
    command: async ({ port, originPort, dir }) => {
      const file = join(dir, "proxy.cjs");
      await Bun.write(file, PROGRAMS[name](port, originPort));
      return ["node", file];
    },
  }));
}

const PROGRAMS: Readonly<Record<Package, (port: number, originPort: number) => string>> = {
  "http-proxy-3": (port, originPort) => `
const { createProxyServer } = require(${JSON.stringify(join(FOLDER, "node_modules/http-proxy-3"))});
const agent = new (require("node:http").Agent)({ keepAlive: true, maxSockets: 1024 });
const proxy = createProxyServer({ target: "http://127.0.0.1:${originPort}", ws: true, xfwd: true, agent });
proxy.on("error", () => {});
proxy.listen(${port}, "127.0.0.1");
`,
  "fast-proxy": (port, originPort) => `
const { proxy } = require(${JSON.stringify(join(FOLDER, "node_modules/fast-proxy"))})({ base: "http://127.0.0.1:${originPort}" });
require("node:http").createServer((request, response) => proxy(request, response, request.url, {})).listen(${port}, "127.0.0.1");
`,
};

/** False where the registry is not reached and nothing is there from before. */
async function install(): Promise<boolean> {
  const isThere = (name: string): boolean => existsSync(join(FOLDER, "node_modules", name));
  if (Object.keys(PACKAGES).every(isThere)) return true;
  await mkdir(FOLDER, { recursive: true });
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  const command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", FOLDER, ...wanted];
  const child = Bun.spawn(command, { cwd: FOLDER, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return (await child.exited) === 0 && Object.keys(PACKAGES).every(isThere);
}
