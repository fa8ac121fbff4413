import { expect, test } from "bun:test";
import type { Config } from "../../../src/config/model.ts";
import { Generation } from "../../../src/process/generation.ts";
import { HealthRelay } from "../../../src/process/health-relay.ts";
import type { Ask } from "../../../src/process/messages.ts";
import { Service } from "../../../src/process/service.ts";
import type { WorkerSlot } from "../../../src/process/worker-slot.ts";
import type { DownPeer } from "../../../src/upstream/health/checker.ts";
import { configWith, RecordingLog, reverseProxy, tcpHealth } from "../../helpers/proxy.ts";
import { refusingPort } from "../../helpers/raw-origin.ts";

const at = (port: number) => ({ type: "tcp", host: "127.0.0.1", port, tls: false }) as const;
const down = (name: string): DownPeer => ({ name, reason: "gone", since: 1 });

/** A worker that keeps what it is told. */
class Told {
  readonly isServing = true;
  readonly asks: Ask[] = [];
  ask = async (ask: Ask): Promise<undefined> => void this.asks.push(ask);
}

test("what the one that looks says is told to all others, whole, and once", () => {
  const [prober, other] = [new Told(), new Told()];
  const slots = [prober, other] as unknown as readonly WorkerSlot[];
  const relay = new HealthRelay(() => slots);
  const say = (peers: readonly DownPeer[]): void => relay.onHealth(slots[0] as WorkerSlot, peers);
  say([]);
  expect(other.asks).toEqual([]);
  say([down("a"), down("b")]);
  say([down("a"), down("b")]);
  // b is not looked at any more: its route is gone.
  say([down("a")]);
  expect([prober.asks, other.asks]).toEqual([
    [],
    [
      { type: "set_down", down: [down("a"), down("b")] },
      { type: "set_down", down: [down("a")] },
    ],
  ]);
  expect(relay.down).toEqual([down("a")]);
});

/** Two routes to one address, of which one has checks. */
function configOf(port: number): Config {
  const route = (name: string, checked: boolean) => ({
    name,
    match: [],
    terminal: false,
    handlers: [{ type: "proxy", proxy: reverseProxy([at(port)], checked ? tcpHealth(1_000) : {}) } as const],
  });
  return configWith({ upstreams: [], routes: [route("checked", true), route("unchecked", false)] });
}

test("a worker that does not look keeps to what it was told, also when it takes up another configuration", () => {
  const service = new Service(new RecordingLog(), { isProber: false, down: [], onVerdicts: undefined });
  const config = configOf(1);
  using first = new Generation(config, service);
  first.start();
  service.peers.setDown([down("127.0.0.1:1")]);
  using second = new Generation(config, service);
  second.start();
  expect([...second.peers].map((peer) => peer.available)).toEqual([false]);
});

test("one that looks says what is down when it finds it, and all that is left when a reload takes peers away", async () => {
  const port = refusingPort();
  const said: (readonly string[])[] = [];
  const log = new RecordingLog();
  const onVerdicts = (peers: readonly DownPeer[]): void => void said.push(peers.map(({ name }) => name));
  const service = new Service(log, { isProber: true, down: [], onVerdicts });
  const first = new Generation(configOf(port), service);
  first.start();
  await log.until(() => log.lines.length === 1, "the peer to be down");
  first[Symbol.dispose]();
  using second = new Generation(configWith({ upstreams: [at(1)] }), service);
  second.start();
  expect(said).toEqual([[], [`127.0.0.1:${port}`], []]);
});
