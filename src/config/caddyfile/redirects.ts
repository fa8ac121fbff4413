import type { DocMap } from "../document.ts";
import type { SiteAddress } from "./addresses.ts";
import { listeningAt, type Listening } from "./bind.ts";
import type { ListenerPlan } from "./listener-plan.ts";
import { entry, mapNode, oneOrMore, textNode, wordNode } from "./nodes.ts";
import type { GlobalOptions } from "./options.ts";
import { hostText } from "./site-match.ts";
import type { Token } from "./token.ts";

/** Routes that send plain HTTP to where TLS is spoken, and where they listen. */
export interface Redirects {
  readonly listening: Listening;
  readonly routes: readonly DocMap[];
}

interface Target {
  /** Undefined for the usual port. */
  readonly port: number | undefined;
  /** Empty for every host. */
  readonly hosts: readonly SiteAddress[];
  readonly at: Token;
}

/** What Caddy opens beside sites with TLS: its HTTP port, where every request is sent to HTTPS by a 308. */
export function redirectsOf(plans: readonly ListenerPlan[], options: GlobalOptions): readonly Redirects[] {
  if (!options.redirects) return [];
  const usual = new Set([80, 443, options.ports.http, options.ports.https]);
  const targets = new Map<string, { readonly listening: Listening; readonly targets: Target[] }>();
  // One that listens on every address of the machine takes what comes to a single one as well.
  const isEverywhere = plans.some(({ listening, hasTls }) => hasTls && takesAll(listening));
  for (const { listening, sites, hasTls } of plans) {
    const { port, at } = listening;
    if (!hasTls || port === undefined) continue;
    const bind = listening.host === undefined || isEverywhere ? undefined : { ...at, text: listening.host };
    const beside = listeningAt(bind, options.ports.http, at);
    const known = targets.get(beside.address) ?? { listening: beside, targets: [] };
    targets.set(beside.address, known);
    const addresses = sites.flatMap((site) => site.addresses);
    const hosts = addresses.some(({ host }) => host === "") ? [] : addresses;
    known.targets.push({ port: usual.has(port) ? undefined : port, hosts, at });
  }
  return [...targets.values()].map((each) => ({ listening: each.listening, routes: routesTo(each.targets) }));
}

function takesAll({ host, port }: Listening): boolean {
  return host === undefined && port !== undefined;
}

function routesTo(targets: readonly Target[]): readonly DocMap[] {
  // A name that is served at several ports is sent to the usual one.
  const isUsual = (host: string): boolean => {
    return targets.some(({ port, hosts }) => port === undefined && hosts.some((each) => each.host === host));
  };
  const named = targets.flatMap(({ port, hosts, at }) => {
    const own = hosts.filter(({ host }) => port !== undefined && !isUsual(host));
    return own.length === 0 ? [] : [redirect({ port, hosts: own, at })];
  });
  const all = targets.find(({ hosts }) => hosts.length === 0) ?? targets[0];
  if (all === undefined) return named;
  if (all.hosts.length > 0 || all.port === undefined)
    return [...named, redirect({ ...all, port: undefined, hosts: [] })];
  // Every other name goes to a port of its own, so that those of the usual one are named.
  const atUsual = targets.filter(({ port, hosts }) => port === undefined && hosts.length > 0);
  return [...atUsual.map(redirect), ...named, redirect(all)];
}

function redirect({ port, hosts, at }: Target): DocMap {
  const to = `https://{host}${port === undefined ? "" : `:${port}`}{uri}`;
  const action = mapNode([entry("to", at, textNode(at, to)), entry("status", at, wordNode(at, "308"))], at.span);
  const entries = [entry("redirect", at, action)];
  const names = [...new Set(hosts.map(hostText))];
  if (names.length > 0) {
    const host = entry(
      "host",
      at,
      oneOrMore(
        names.map((name) => textNode(at, name)),
        at.span,
      ),
    );
    entries.unshift(entry("match", at, mapNode([host], at.span)));
  }
  return mapNode(entries, at.span);
}
