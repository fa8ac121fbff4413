import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type BinaryRun, startBinary, temporaryFolder } from "../../helpers/binary.ts";
import { refusingPort } from "../../helpers/raw-origin.ts";
import { StalledOrigin } from "../../helpers/stalled-origin.ts";
import type { PeerStatus } from "../../../src/upstream/peer-status.ts";
import type { Doors } from "./asker.ts";
import type { Asker, Fault } from "./fault.ts";
import { FaultyOrigin } from "./faulty-origin.ts";
import { AUTHORITY, LISTENER_CERTIFICATE } from "./tls-faults.ts";

/** The proxy's limits in these tests. */
export const LIMITS_MS = { dial: 400, responseHeader: 600, read: 600, write: 600 } as const;

/** The executable before an origin of its own for each case and asker, each behind a route of its own. */
export class Setting implements AsyncDisposable {
  readonly doors: Doors;
  readonly #proxy: BinaryRun;
  /** Its control socket. */
  readonly #socket: string;
  /** What the peer of each case is called. */
  readonly #peers: ReadonlyMap<string, string>;
  readonly #origins: ReadonlyMap<string, FaultyOrigin>;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    doors: Doors,
    { proxy, socket, peers }: Running,
    origins: ReadonlyMap<string, FaultyOrigin>,
    owned: AsyncDisposableStack,
  ) {
    this.doors = doors;
    this.#proxy = proxy;
    this.#socket = socket;
    this.#peers = peers;
    this.#origins = origins;
    this.#owned = owned;
  }

  static async start(faults: readonly Fault[], askers: readonly Asker[]): Promise<Setting> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(temporaryFolder()).path;
    const swallowing = stack.use(await StalledOrigin.start());
    swallowing.stall();
    await swallowing.fill();
    const origins = new Map<string, FaultyOrigin>();
    const peers = new Map<string, string>();
    const portOf = ({ origin, tls }: Fault, path: string): number => {
      if (origin === "refusing") return refusingPort();
      if (origin === "swallowing") return swallowing.port;
      const made = stack.use(new FaultyOrigin(origin, tls?.certificate && { tls: tls.certificate }));
      origins.set(path, made);
      return made.port;
    };
    const routes = askers.flatMap((asker) =>
      faults.map((fault) => {
        const path = pathOf(fault, asker);
        const scheme = fault.tls === undefined ? "" : "https://";
        const upstream = `${scheme}127.0.0.1:${portOf(fault, path)}`;
        peers.set(path, upstream);
        return { name: path, match: { path }, upstreams: upstream, fail_duration: "10m" };
      }),
    );
    const conf = await writeConf(folder, routes);
    const env = { RUNTIME_DIRECTORY: join(folder, "run") };
    const proxy = stack.use(await startBinary(["-c", conf, "--log-format", "json"], { env }));
    const line = (await proxy.seen(/listening on [^\n]*\n/))[0];
    const [plain, tls] = [...line.matchAll(/(https?):\/\/[^\s",]*?:(\d+)/g)].map((match) => Number(match[2]));
    if (plain === undefined || tls === undefined) throw new Error(`where does it listen? ${line}`);
    const socket = join(
      folder,
      "run",
      (await readdir(join(folder, "run"))).find((name) => name.endsWith(".sock")) ?? "",
    );
    return new Setting({ plain, tls, ca: AUTHORITY.cert }, { proxy, socket, peers }, origins, stack.move());
  }

  get pid(): number {
    return this.#proxy.pid;
  }

  /** What the log said of the failure of this case; undefined when it said nothing. */
  failureOf(path: string): Readonly<Record<string, unknown>> | undefined {
    const lines = this.#proxy.stderr().split("\n");
    const line = lines.findLast((each) => each.includes(`"${path}"`) && each.includes("request failed"));
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
  }

  /** Connections to this case's origin that the proxy has open. */
  openTo(path: string): number {
    return this.#origins.get(path)?.open ?? 0;
  }

  /** How the peer of this case does, as `gatekeeper drain` would tell. */
  async peer(path: string): Promise<PeerStatus> {
    const name = this.#peers.get(path);
    const peer = (await this.peers()).find((each) => each.name === name);
    if (peer === undefined) throw new Error(`there is no peer ${name}`);
    return peer;
  }

  /** How all of them do. */
  async peers(): Promise<readonly PeerStatus[]> {
    const body = JSON.stringify({ type: "drain", on: true });
    const answer = await fetch("http://gatekeeper/control", { method: "POST", unix: this.#socket, proxy: "", body });
    return ((await answer.json()) as { readonly peers: readonly PeerStatus[] }).peers;
  }

  /** Sockets that the proxy's process has open. */
  async sockets(): Promise<number> {
    const folder = `/proc/${this.pid}/fd`;
    const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")));
    return targets.filter((target) => target.startsWith("socket:")).length;
  }

  /** Its resident memory. */
  async residentBytes(): Promise<number> {
    const [, pages] = (await Bun.file(`/proc/${this.pid}/statm`).text()).split(" ");
    return Number(pages) * 4096;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

interface Running {
  readonly proxy: BinaryRun;
  readonly socket: string;
  readonly peers: ReadonlyMap<string, string>;
}

async function writeConf(folder: string, routes: readonly object[]): Promise<string> {
  const file = (name: string): string => join(folder, name);
  await Bun.write(file("ca.pem"), AUTHORITY.cert);
  await Bun.write(file("cert.pem"), LISTENER_CERTIFICATE.cert);
  await Bun.write(file("key.pem"), LISTENER_CERTIFICATE.key);
  const config = {
    listeners: [
      { address: "127.0.0.1:0" },
      { address: "0.0.0.0:0", tls: { cert: file("cert.pem"), key: file("key.pem") } },
    ],
    dial_timeout: `${LIMITS_MS.dial}ms`,
    response_header_timeout: `${LIMITS_MS.responseHeader}ms`,
    read_timeout: `${LIMITS_MS.read}ms`,
    write_timeout: `${LIMITS_MS.write}ms`,
    websocket_handshake_timeout: `${LIMITS_MS.responseHeader}ms`,
    ca_file: file("ca.pem"),
    routes,
  };
  // JSON is YAML.
  await Bun.write(file("gatekeeper.yaml"), JSON.stringify(config, null, 1));
  return file("gatekeeper.yaml");
}

/** The path that leads to the origin of this case. */
export function pathOf({ name }: Fault, asker: Asker): string {
  return `/${`${asker} ${name}`.replaceAll(/[^\w]/g, "-")}`;
}
