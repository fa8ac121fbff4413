import { nearest } from "../core/nearest.ts";
import { upstreamText } from "../config/describe.ts";
import type { Config } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { MaintenanceNotice, MaintenanceState } from "../proxy/maintenance.ts";
import { mergePeers, type PeerStatus } from "../upstream/peer-status.ts";
import type { Answer, Ask } from "./messages.ts";
import { drainingAfter, meantBy, unknownPeer } from "./drained.ts";
import { proxiesOf, routeKeysOf } from "./route-keys.ts";

/** What a person may have a running process do, beside reloading it. Plain, so that it can be sent as JSON. */
export type ControlCommand =
  /** Answers 503 in place of everything, or of one route, or no longer; without `on` it only says what is so. */
  | {
      readonly type: "maintenance";
      readonly on?: boolean;
      readonly route?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Gives a peer no new requests, or some again; without `peer` it only says how all of them do. */
  | { readonly type: "drain"; readonly peer?: string; readonly on: boolean };

/** What came of it. Plain as well. */
export type ControlResult =
  | { readonly type: "maintenance"; readonly all?: MaintenanceNotice; readonly routes: MaintenanceState["routes"] }
  | {
      readonly type: "peers";
      /** The one that was meant, or all. */
      readonly peers: readonly PeerStatus[];
      /** Routes all of whose peers are drained: they answer 503. */
      readonly stranded: readonly string[];
    }
  | { readonly type: "refused"; readonly reason: string; readonly help?: string };

/** What holds for every worker, over all configurations. It can be sent to workers. */
export interface ControlState {
  readonly maintenance: MaintenanceState;
  /** Names of peers. */
  readonly draining: readonly string[];
}

export const NOTHING_CONTROLLED: ControlState = { maintenance: { all: undefined, routes: {} }, draining: [] };

/** RFC 9110 10.2.3. */
const RETRY_AFTER_SECONDS = 120;

export interface ControlsOptions {
  /** What holds at the start. */
  readonly state: ControlState;
  readonly config: () => Config;
  /** Asks every worker that serves. */
  readonly ask: (ask: Ask) => Promise<readonly (Answer | undefined)[]>;
  readonly log: Log;
}

/** Maintenance and draining of a process: one state, which every worker is told. One command at a time. */
export class Controls {
  readonly #options: ControlsOptions;
  #state: ControlState;

  constructor(options: ControlsOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): ControlState {
    return this.#state;
  }

  async do(command: ControlCommand): Promise<ControlResult> {
    return command.type === "maintenance" ? await this.#maintain(command) : await this.#drain(command);
  }

  /** After a start or a reload: what is not there any more is not remembered. */
  async forgetGone(): Promise<void> {
    const { maintenance, draining } = this.#state;
    const keys = new Set(routeKeysOf(this.#options.config()));
    const closed = Object.entries(maintenance.routes);
    const stay = closed.filter(([key]) => keys.has(key));
    for (const [route] of closed) {
      if (!keys.has(route)) this.#options.log.warn("a route in maintenance is not there any more", { route });
    }
    const peers = draining.length === 0 ? [] : await this.#peers();
    const names = new Set(peers.flatMap(({ name, upstream }) => [name, upstream]));
    const kept = draining.filter((name) => names.has(name));
    if (stay.length === closed.length && kept.length === draining.length) return;
    await this.#put({ maintenance: { ...maintenance, routes: Object.fromEntries(stay) }, draining: kept });
  }

  async #maintain(command: Extract<ControlCommand, { type: "maintenance" }>): Promise<ControlResult> {
    const { on, route, retryAfterSeconds = RETRY_AFTER_SECONDS } = command;
    if (on === undefined) return this.#maintenanceResult();
    const { maintenance } = this.#state;
    const notice = on ? { retryAfterSeconds } : undefined;
    if (route === undefined) {
      // Off without a route is off altogether: who says so wants everything to be served.
      await this.#put({ ...this.#state, maintenance: { all: notice, routes: on ? maintenance.routes : {} } });
    } else {
      const key = this.#routeKey(route);
      if (typeof key !== "string") return key;
      const { [key]: _, ...others } = maintenance.routes;
      const routes = notice === undefined ? others : { ...others, [key]: notice };
      await this.#put({ ...this.#state, maintenance: { ...maintenance, routes } });
    }
    const facts = { route, retry_after: notice?.retryAfterSeconds };
    this.#options.log.info(`maintenance is ${on ? "on" : "off"}`, facts);
    return this.#maintenanceResult();
  }

  #maintenanceResult(): ControlResult {
    const { all, routes } = this.#state.maintenance;
    return { type: "maintenance", ...(all !== undefined && { all }), routes };
  }

  /** By its whole key, or by its own name where only one has it. */
  #routeKey(route: string): string | ControlResult {
    const keys = routeKeysOf(this.#options.config());
    if (keys.includes(route)) return route;
    const inner = keys.filter((key) => key.endsWith(` > ${route}`));
    const [only] = inner;
    if (only !== undefined && inner.length === 1) return only;
    if (inner.length > 1) {
      return { type: "refused", reason: `several routes are called ${route}`, help: `one of: ${inner.join(", ")}` };
    }
    const near = nearest(route, keys);
    const help = near === undefined ? `the routes are: ${keys.join(", ")}` : `did you mean "${near}"?`;
    return { type: "refused", reason: `there is no route called ${route}`, help };
  }

  async #drain({ peer, on }: Extract<ControlCommand, { type: "drain" }>): Promise<ControlResult> {
    const peers = await this.#peers();
    if (peer === undefined) return { type: "peers", peers, stranded: this.#stranded(peers) };
    const meant = meantBy(peer, peers);
    if (meant.length === 0) return unknownPeer(peer, peers);
    await this.#put({ ...this.#state, draining: drainingAfter(this.#state.draining, { peers, meant, on }) });
    const after = await this.#peers();
    const now = after.filter(({ name, upstream }) => meant.includes(name) || meant.includes(upstream));
    for (const { name, inFlight } of now) {
      this.#options.log.info(on ? "peer is drained" : "peer is drained no longer", { peer: name, in_flight: inFlight });
    }
    return { type: "peers", peers: now, stranded: on ? this.#stranded(after) : [] };
  }

  /** Of all workers together. */
  async #peers(): Promise<readonly PeerStatus[]> {
    const answers = await this.#options.ask({ type: "peers" });
    return mergePeers(answers.flatMap((answer) => (answer?.type === "peers" ? [answer.peers] : [])));
  }

  #stranded(peers: readonly PeerStatus[]): readonly string[] {
    return proxiesOf(this.#options.config()).flatMap(({ key, proxy }) => {
      const { dynamic } = proxy;
      // Targets of a service are called by names of their own.
      const looked = dynamic?.type === "a" ? [{ ...dynamic, type: "tcp", host: dynamic.name } as const] : [];
      const upstreams = new Set([...proxy.upstreams, ...looked].map(upstreamText));
      const own = peers.filter(({ upstream }) => upstreams.has(upstream));
      return own.length > 0 && own.every(({ isDraining }) => isDraining) ? [key] : [];
    });
  }

  async #put(state: ControlState): Promise<void> {
    this.#state = state;
    await this.#options.ask({ type: "set_controls", controls: state });
  }
}

/** A command out of JSON; undefined for anything else. */
export function parseCommand(json: unknown): ControlCommand | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { type, on, route, retryAfterSeconds, peer } = json as Readonly<Record<string, unknown>>;
  const isOn = on === undefined || typeof on === "boolean";
  if (type === "maintenance") {
    const isRoute = route === undefined || typeof route === "string";
    const isTime = retryAfterSeconds === undefined || isSeconds(retryAfterSeconds);
    return isOn && isRoute && isTime ? (json as ControlCommand) : undefined;
  }
  const isPeer = peer === undefined || typeof peer === "string";
  return type === "drain" && typeof on === "boolean" && isPeer ? (json as ControlCommand) : undefined;
}

function isSeconds(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
