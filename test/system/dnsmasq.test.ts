import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/bench/processes.ts";
import { type BinaryRun, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { Hosts } from "../helpers/hosts.ts";
import { until } from "../helpers/streams.ts";
import { required } from "./programs.ts";

setDefaultTimeout(60_000);

/** Debian's DNS server, with what a hosts file and its flags say. It is told by a signal when the file is another one. */
class Dnsmasq implements AsyncDisposable {
  readonly port = freePort();
  readonly #file: string;
  readonly #log: string;
  readonly #flags: readonly string[];
  #child: Bun.Subprocess | undefined;

  constructor(folder: string, flags: readonly string[] = []) {
    this.#file = join(folder, "hosts");
    this.#log = join(folder, "dnsmasq.log");
    this.#flags = flags;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  say(hosts: Readonly<Record<string, readonly string[]>>): void {
    const lines = Object.entries(hosts).flatMap(([name, addresses]) => addresses.map((each) => `${each} ${name}\n`));
    writeFileSync(this.#file, lines.join(""));
    this.#child?.kill("SIGHUP");
  }

  /** Resolves when it has said of a name that there is none. */
  async denied(name: string): Promise<void> {
    await until(() => readFileSync(this.#log, "utf8").includes(`${name} is NXDOMAIN`), `NXDOMAIN for ${name}`);
  }

  start(): void {
    const command = [
      required("dnsmasq"),
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--pid-file=",
      "--user=",
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      `--port=${this.port}`,
      `--addn-hosts=${this.#file}`,
      "--local=/test/",
      "--local-ttl=1",
      "--log-queries",
      `--log-facility=${this.#log}`,
    ];
    this.#child = Bun.spawn([...command, ...this.#flags], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Which origins answer twenty requests, and with which other statuses some are answered. */
async function answering(run: BinaryRun, path = "/"): Promise<readonly string[]> {
  const { port } = await listeningAt(run);
  const found = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    found.add(response.ok ? (text.split(" ")[0] ?? "") : String(response.status));
  }
  return [...found].sort();
}

/** Asks until just these answer. Every request on the way is answered by one of those or of the ones before. */
async function untilAnswering(run: BinaryRun, wanted: readonly string[], before: readonly string[]): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const found = await answering(run);
    if (Bun.deepEquals(found, wanted)) return;
    const strange = found.filter((each) => !wanted.includes(each) && !before.includes(each));
    if (strange.length > 0 || performance.now() > end) throw new Error(`${found.join()} answer\n${run.stderr()}`);
    await Bun.sleep(50);
  }
}

test.each([1, 2])("dynamic a follows dnsmasq through its death, with %p workers", async (threads) => {
  using folder = temporaryFolder();
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
  await using dns = new Dnsmasq(folder.path);
  const config = join(folder.path, "Caddyfile");
  writeFileSync(
    config,
    `{
	auto_https off
}
http://127.0.0.1:${freePort()} {
	reverse_proxy {
		dynamic a app.test ${hosts.port} {
			refresh 1s
			resolvers ${dns.address}
		}
	}
}
`,
  );
  await using run = await startBinary(["-c", config, "--threads", String(threads)]);
  // A dead resolver stops no start.
  expect(await answering(run)).toEqual(["503"]);
  dns.say({ "app.test": ["127.0.0.2", "127.0.0.3"] });
  dns.start();
  await untilAnswering(run, ["127.0.0.2", "127.0.0.3"], ["503", "127.0.0.2", "127.0.0.3"]);
  dns.say({ "app.test": ["127.0.0.4"] });
  await untilAnswering(run, ["127.0.0.4"], ["127.0.0.2", "127.0.0.3"]);
  await dns.stop();
  await run.seen(/name cannot be resolved.*"kept":"127.0.0.4"/);
  expect(await answering(run)).toEqual(["127.0.0.4"]);
  dns.say({});
  dns.start();
  // That there is no such name leaves the last addresses, too.
  await dns.denied("app.test");
  expect(await answering(run)).toEqual(["127.0.0.4"]);
  dns.say({ "app.test": ["127.0.0.2"] });
  await untilAnswering(run, ["127.0.0.2"], ["127.0.0.4"]);
});

test("services of dnsmasq: the lowest priority by its weights, and the next one when that is dead", async () => {
  using folder = temporaryFolder();
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
  const services = ["one,1,3", "two,1,1", "three,2,0"].map((each) => {
    const [name, priority, weight] = each.split(",");
    return `--srv-host=_app._tcp.test,${name}.test,${hosts.port},${priority},${weight}`;
  });
  await using dns = new Dnsmasq(folder.path, services);
  dns.say({ "one.test": ["127.0.0.2"], "two.test": ["127.0.0.3"], "three.test": ["127.0.0.4"] });
  dns.start();
  const config = join(folder.path, "gatekeeper.yaml");
  writeFileSync(
    config,
    `bind: 127.0.0.1:0\nresolvers: ${dns.address}\nroutes:\n  - upstreams:\n      srv: _app._tcp.test\n`,
  );
  await using run = await startBinary(["-c", config]);
  await untilAnswering(run, ["127.0.0.2", "127.0.0.3"], ["503"]);
  await hosts.end("127.0.0.2");
  await hosts.end("127.0.0.3");
  await untilAnswering(run, ["127.0.0.4"], []);
});
