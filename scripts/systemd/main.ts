/**
 * Runs the unit that `gatekeeper service` prints under a real systemd, in namespaces that leave nothing behind (but empty control
 * groups), and says what held: `npm run systemd -- [BINARY]` as root (Debian's systemd, util-linux and iproute2).
 */
import { eventually, Machine } from "./machine.ts";

const UNIT = "/etc/systemd/system/gatekeeper.service";
const CONFIG = `bind: 127.0.0.1:80
upstream: 127.0.0.1:9
threads: 2
grace_period_seconds: 3
upgrade_sock: /run/gatekeeper/upgrade.sock
`;

const [binary = "dist/gatekeeper"] = process.argv.slice(2);
await using machine = await Machine.boot(binary, CONFIG);

let failures = 0;
async function holds(what: string, check: () => Promise<boolean>): Promise<void> {
  const isSo = await eventually(what, check).then(
    () => true,
    () => false,
  );
  if (!isSo) failures++;
  console.log(`${isSo ? "holds" : "DOES NOT HOLD"}: ${what}`);
}

/** One property of the service. */
async function property(name: string): Promise<string> {
  return (await machine.run("systemctl", "show", "gatekeeper", "--value", "-p", name)).text.trim();
}

async function command(verb: string): Promise<number> {
  return (await machine.run("systemctl", verb, "gatekeeper")).code;
}

async function answers(): Promise<boolean> {
  const { text } = await machine.shell("exec curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/");
  return text === "502";
}

const serves = async (): Promise<boolean> => (await property("StatusText")) === SERVING && (await answers());
const SERVING = "serving on http://127.0.0.1:80 with 2 workers";

// There is no network to wait for here, and nobody to wait 30 s for a watchdog.
await machine.shell(`/opt/gatekeeper service -c /opt/gatekeeper.yaml > ${UNIT}
sed -i '/^Wants=/d; s/^After=.*/DefaultDependencies=no/; s/^WatchdogSec=.*/WatchdogSec=2/' ${UNIT}
systemctl daemon-reload`);

await holds("a start ends when it serves, on a low port, as a user of its own", async () => {
  if ((await command("start")) !== 0 || !(await serves())) return false;
  const { text } = await machine.shell(
    `stat -c %U /run/gatekeeper/*.sock; ps -o user= -p ${await property("MainPID")}`,
  );
  return !text.includes("root");
});
await holds(
  "gatekeeper status of root finds it",
  async () => (await machine.run("/opt/gatekeeper", "status")).code === 0,
);
await holds("a reload goes well", async () => (await command("reload")) === 0 && (await serves()));
await machine.shell("echo 'threds: 1' >> /opt/gatekeeper.yaml");
await holds("a reload of a wrong file fails, and the service stays", async () => {
  const code = await command("reload");
  return code !== 0 && (await property("ActiveState")) === "active" && (await answers());
});
await machine.shell("sed -i '$d' /opt/gatekeeper.yaml");
await command("reload");

const first = await property("MainPID");
await machine.shell(
  `sed -i 's/^ExecReload=/#&/; s/^#ExecReload=\\(.* -u .*\\)/ExecReload=\\1/' ${UNIT}; systemctl daemon-reload`,
);
await holds("the other ExecReload= puts a new process in its place, which systemd takes for the service", async () => {
  if ((await command("reload")) !== 0) return false;
  await eventually("the old one has ended", async () => (await machine.shell(`kill -0 ${first}`)).code !== 0);
  return (await property("MainPID")) !== first && (await property("NRestarts")) === "0" && (await serves());
});
await machine.shell("echo 'threds: 1' >> /opt/gatekeeper.yaml");
const second = await property("MainPID");
await holds("one that cannot start leaves the service as it was", async () => {
  return (await command("reload")) !== 0 && (await property("MainPID")) === second && (await answers());
});
await machine.shell("sed -i '$d' /opt/gatekeeper.yaml");

for (const [what, whom] of [
  ["a process that stands still", "$MAINPID"],
  ["one whose workers all stand still", "$(cat /proc/$MAINPID/task/$MAINPID/children)"],
] as const) {
  const before = Number(await property("NRestarts"));
  await machine.shell(`MAINPID=${await property("MainPID")}; kill -STOP ${whom}`);
  await holds(`${what} is started anew by the watchdog`, async () => {
    return Number(await property("NRestarts")) === before + 1 && (await serves());
  });
}
await holds("a stop ends it well, and nothing is left", async () => {
  const code = await command("stop");
  const left = await machine.shell("pgrep -f '^/opt/gatekeeper|^gatekeeper'; ls /run/gatekeeper");
  return code === 0 && (await property("Result")) === "success" && !/\d+\n/.test(left.text);
});
process.exitCode = failures === 0 ? 0 : 1;
