import type { SiteAddress } from "./addresses.ts";
import { listeningAt, type Listening } from "./bind.ts";
import type { Report } from "./report.ts";
import type { Site } from "./sites.ts";

/** One site as it is served at one address: with those of its addresses that lead there. */
export interface SiteAt {
  readonly site: Site;
  readonly addresses: SiteAddress[];
}

/** An address that is listened on, and the sites that are served there. */
export interface ListenerPlan {
  readonly listening: Listening;
  readonly sites: SiteAt[];
  readonly hasTls: boolean;
}

/** Sorts sites by the addresses that they are served at (Caddy), and says what cannot be served together. */
export function planListeners(sites: readonly Site[], httpPort: number, report: Report): readonly ListenerPlan[] {
  const plans = new Map<string, { listening: Listening; sites: SiteAt[] }>();
  for (const site of sites) {
    for (const address of site.addresses) {
      const hosts = site.bind.length === 0 ? [undefined] : site.bind;
      for (const host of hosts) {
        const listening = listeningAt(host, address.port, address.at);
        const plan = plans.get(listening.address) ?? { listening, sites: [] };
        plans.set(listening.address, plan);
        addSite(plan.sites, site, address, report);
      }
    }
  }
  return [...plans.values()].map((plan) => ({ ...plan, hasTls: hasTls(plan.sites, httpPort, report) }));
}

function addSite(plan: SiteAt[], site: Site, address: SiteAddress, report: Report): void {
  const isSame = (other: SiteAddress): boolean => other.host === address.host && other.path === address.path;
  const clash = plan.some((other) => other.site !== site && other.addresses.some(isSame));
  if (clash) report.error(address.at, "another site has this address already", { expected: "each address once" });
  const known = plan.find((other) => other.site === site);
  if (known === undefined) plan.push({ site, addresses: [address] });
  else known.addresses.push(address);
}

/** Whether TLS is spoken at an address: all of its sites have to agree. */
function hasTls(sites: readonly SiteAt[], httpPort: number, report: Report): boolean {
  const all = sites.flatMap(({ site, addresses }) => addresses.map((address) => ({ site, address })));
  const isPlain = (address: SiteAddress): boolean => address.scheme === "http" || address.port === httpPort;
  const secure = all.filter(({ site, address }) => address.needsTls || (site.tls.length > 0 && !isPlain(address)));
  for (const { site, address } of all) {
    const [tls] = site.tls;
    if (tls !== undefined && isPlain(address)) {
      const message = `${address.at.text} is served without TLS, and the site has a certificate`;
      report.error(tls.at, message, { expected: "https:// in the address, or no tls" });
    } else if (secure.length > 0 && isPlain(address)) {
      const message = `port ${address.port} is served with TLS for ${secure[0]?.address.at.text}, and this is plain HTTP`;
      report.error(address.at, message, { expected: "another port for one of the two" });
    }
  }
  if (secure.length === 0) return false;
  for (const { site, address } of all) {
    if (address.needsTls && !site.asksForTls) reportMissing(address, report);
  }
  return true;
}

function reportMissing(address: SiteAddress, report: Report): void {
  const { at, host, port, scheme } = address;
  const name = host.includes(":") ? `[${host}]` : host;
  const isStandard = scheme === undefined && /^[^:]*(?:\/.*)?$/.test(at.text);
  const plain = host === "" ? ":80" : `http://${name}${isStandard || port === 443 ? "" : `:${port}`}`;
  report.error(at, "this is served with TLS, and the site has no certificate", {
    expected: "tls CERT KEY in the site (certificates that are got by themselves come with a later version)",
    help: `where another program before this one speaks TLS, or none is wanted: ${plain}`,
  });
}
