import { join } from "node:path";
import { nginxConfig } from "./nginx.ts";
import { ANSWERS, HELLO } from "./scenarios.ts";

/** What a program needs to know to be started between the load and the origin. */
export interface Place {
  readonly port: number;
  readonly originPort: number;
  /** A folder of its own, removed after the run. */
  readonly dir: string;
}

export interface Contender {
  readonly name: string;
  /** Its version, for the report; undefined where it is not installed. */
  readonly version: string | undefined;
  /** Writes what it needs into its folder and returns the command that serves in the foreground. */
  command(place: Place): Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The first line a program says of itself; undefined where there is no such program. */
async function versionOf(...command: readonly string[]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return (out + err).trim().split("\n")[0];
  } catch {
    return undefined;
  }
}

const NGINX = Bun.which("nginx") ?? Bun.which("nginx", { PATH: "/usr/sbin:/sbin" }) ?? "nginx";

export async function gatekeeper(name: string, binary: string | undefined): Promise<Contender> {
  return {
    name,
    version: binary === undefined ? undefined : await versionOf(binary, "--version"),
    command: async ({ port, originPort }) => [
      binary ?? "gatekeeper",
      "--bind",
      `127.0.0.1:${port}`,
      "--upstream",
      `127.0.0.1:${originPort}`,
    ],
  };
}

export async function floor(): Promise<Contender> {
  return {
    name: "floor",
    version: `Bun ${Bun.version}`,
    command: async ({ port, originPort }) => [
      process.execPath,
      join(import.meta.dir, "floor.ts"),
      String(port),
      `http://127.0.0.1:${originPort}`,
    ],
  };
}

export async function caddy(): Promise<Contender> {
  return {
    name: "caddy",
    version: await versionOf("caddy", "version"),
    // One core is what it gets; without this Go starts a scheduler for every core of the machine.
    env: { GOMAXPROCS: "1" },
    async command({ port, originPort, dir }) {
      const file = join(dir, "Caddyfile");
      await Bun.write(
        file,
        `{
	admin off
	auto_https off
}
http://127.0.0.1:${port} {
	reverse_proxy 127.0.0.1:${originPort}
}
`,
      );
      return ["caddy", "run", "--config", file, "--adapter", "caddyfile"];
    },
  };
}

export async function nginx(): Promise<Contender> {
  return {
    name: "nginx",
    version: await versionOf(NGINX, "-v"),
    async command({ port, originPort, dir }) {
      const server = `
    upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port};
      location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }`;
      return nginxConfig(NGINX, dir, server);
    },
  };
}

/** What all of them stand before: nginx, or Bun where there is none. */
export async function origin(): Promise<Contender> {
  const version = await versionOf(NGINX, "-v");
  if (version === undefined) {
    return {
      name: "origin",
      version: `Bun ${Bun.version}`,
      command: async ({ port }) => [process.execPath, join(import.meta.dir, "origin-bun.ts"), String(port)],
    };
  }
  return {
    name: "origin",
    version,
    async command({ port, dir }) {
      const { path, bytes } = ANSWERS["100k"];
      await Bun.write(join(dir, "html", path), "x".repeat(bytes));
      const server = `
    server {
      listen 127.0.0.1:${port};
      root ${join(dir, "html")};
      location = ${ANSWERS.hello.path} { return 200 "${HELLO}"; }
    }`;
      return nginxConfig(NGINX, dir, server);
    },
  };
}
