import { isIP } from "node:net";
import type { DocEntry, DocMap, Span } from "../document.ts";
import type { Listening } from "./bind.ts";
import { planListeners, type ListenerPlan } from "./listener-plan.ts";
import { entry, listNode, mapNode, meaningOf, oneOrMore, textNode, wordNode } from "./nodes.ts";
import type { GlobalOptions } from "./options.ts";
import { redirectsOf, type Redirects } from "./redirects.ts";
import type { Report } from "./report.ts";
import { endsSurely, matchEntry, terminalEntry, withRoute, wrapped } from "./route-nodes.ts";
import { siteMatch } from "./site-match.ts";
import { sortSites } from "./site-order.ts";
import type { Site } from "./sites.ts";

/** A listener that is ready to be written. */
interface Listener {
  readonly listening: Listening;
  /** Its keys but the address and the routes. */
  readonly settings: readonly DocEntry[];
  readonly routes: readonly DocMap[];
}

/** The keys `listeners` and `routes` of the document. */
export function listenerEntries(sites: readonly Site[], options: GlobalOptions, report: Report): readonly DocEntry[] {
  const plans = planListeners(sites, options.ports.http, report);
  reportUnused(plans, options, report);
  const redirects = redirectsOf(plans, options);
  const listeners = plans.map((plan) => listenerOf(plan, options, redirectsFor(plan, redirects)));
  for (const { listening, routes } of redirects) {
    if (plans.some((plan) => takesIn(plan.listening, listening))) continue;
    listeners.push({
      listening,
      settings: settingsOf(listening, false, options),
      routes: completed(routes, listening.at.span),
    });
  }
  return entriesOf(listeners);
}

function listenerOf(plan: ListenerPlan, options: GlobalOptions, redirects: readonly DocMap[]): Listener {
  const { listening, hasTls } = plan;
  const sorted = [...plan.sites];
  sortSites(sorted);
  const routes = sorted.flatMap(({ site, addresses }, i) => {
    const span = addresses[0]?.at.span ?? listening.at.span;
    const match = siteMatch(addresses);
    // What is for every request and comes last needs no route around it.
    if (match === undefined && i === sorted.length - 1) return site.routes;
    const condition = match === undefined ? [] : [matchEntry(match)];
    return [wrapped([...condition, terminalEntry(span)], completed(site.routes, span), span)];
  });
  const isCaughtAll = sorted.some(({ addresses }) => siteMatch(addresses) === undefined);
  const all = isCaughtAll ? routes : [...routes, ...redirects];
  const tls = hasTls ? tlsEntry(plan) : [];
  const settings = [...tls, ...settingsOf(listening, hasTls, options)];
  return { listening, settings, routes: completed(all, listening.at.span) };
}

/** Caddy answers what nothing else answers with an empty 200. */
function completed(routes: readonly DocMap[], span: Span): readonly DocMap[] {
  if (endsSurely(routes)) return routes;
  return withRoute(routes, [{ key: "respond", keySpan: span, value: { type: "word", text: "200", span } }], span);
}

function tlsEntry({ sites }: ListenerPlan): readonly DocEntry[] {
  const files = new Map<string, { entries: DocEntry[]; hosts: Set<string>; site: Site; at: DocEntry["value"] }>();
  for (const { site, addresses } of sites) {
    for (const { at, cert, key } of site.tls) {
      const name = JSON.stringify([cert.text, key.text]);
      const pair = [entry("cert", cert, textNode(cert)), entry("key", key, textNode(key))];
      const known = files.get(name) ?? { entries: pair, hosts: new Set<string>(), site, at: mapNode(pair, at.span) };
      files.set(name, known);
      for (const address of addresses)
        if (address.host !== "" && isIP(address.host) === 0) known.hosts.add(address.host);
    }
  }
  const [first] = files.values();
  const at = first?.site.tls[0]?.at;
  if (first === undefined || at === undefined) return [];
  if (files.size === 1) return [entry("tls", at, first.at)];
  // Of several certificates each is for the names of its own sites.
  const items = [...files.values()].map(({ entries, hosts, at: { span } }) => {
    if (hosts.size === 0) return mapNode(entries, span);
    const names = oneOrMore(
      [...hosts].map((host) => ({ type: "text" as const, text: host, span })),
      span,
    );
    return mapNode([...entries, { key: "server_names", keySpan: span, value: names }], span);
  });
  return [entry("tls", at, listNode(items, at.span))];
}

/** What the `servers` options say of a listener: the first block that is for it counts (Caddy). */
function settingsOf(listening: Listening, hasTls: boolean, options: GlobalOptions): readonly DocEntry[] {
  const own = options.servers.find(({ listener }) => {
    return listener === undefined || listener.text === listening.address;
  });
  return (own?.entries ?? []).filter(({ key }) => hasTls || (key !== "http2" && key !== "http3"));
}

function reportUnused(plans: readonly ListenerPlan[], options: GlobalOptions, report: Report): void {
  for (const { listener } of options.servers) {
    if (listener === undefined || plans.some(({ listening }) => listening.address === listener.text)) continue;
    const expected = plans.map(({ listening }) => listening.address).join(", ");
    report.error(listener, "no site listens on this address", { expected });
  }
}

function redirectsFor(plan: ListenerPlan, redirects: readonly Redirects[]): readonly DocMap[] {
  if (plan.hasTls) return [];
  return redirects.filter(({ listening }) => takesIn(plan.listening, listening)).flatMap(({ routes }) => routes);
}

/** True when who listens on the first takes what comes to the second. */
function takesIn(first: Listening, second: Listening): boolean {
  if (first.address === second.address) return true;
  return first.host === undefined && first.port !== undefined && first.port === second.port;
}

/** Listeners that do the same become one with several addresses; routes that all share stand once. */
function entriesOf(listeners: readonly Listener[]): readonly DocEntry[] {
  const groups = new Map<string, Listener[]>();
  for (const listener of listeners) {
    const { settings, routes, listening } = listener;
    const meaning = [mapNode(settings, listening.at.span), ...routes].map(meaningOf).join("\n");
    const group = groups.get(meaning);
    if (group === undefined) groups.set(meaning, [listener]);
    else group.push(listener);
  }
  const [first] = listeners;
  if (first === undefined) return [];
  const routesOf = ({ routes, listening }: Listener): DocEntry => {
    return entry("routes", listening.at, listNode(routes, routes[0]?.span ?? listening.at.span));
  };
  const isShared = new Set(listeners.map((listener) => meaningOf(routesOf(listener).value))).size === 1;
  const items = [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const addresses = group.map(({ listening }) => wordNode(listening.at, listening.address));
    const entries = [entry("address", one.listening.at, oneOrMore(addresses, one.listening.at.span)), ...one.settings];
    return [mapNode(isShared ? entries : [...entries, routesOf(one)], one.listening.at.span)];
  });
  const list = entry("listeners", first.listening.at, listNode(items, first.listening.at.span));
  return isShared ? [list, routesOf(first)] : [list];
}
