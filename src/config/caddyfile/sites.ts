import type { DocMap } from "../document.ts";
import { readAddress, type SiteAddress } from "./addresses.ts";
import { argumentsOf } from "./arguments.ts";
import { readBind } from "./bind.ts";
import type { Directive, ServerBlock } from "./blocks.ts";
import { readLog } from "./directives/log.ts";
import type { GlobalOptions } from "./options.ts";
import { meaningOf, mapNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import { readRoutes } from "./steps.ts";
import type { Token } from "./token.ts";

/** A certificate with its key, as files. */
export interface SiteTls {
  readonly at: Token;
  readonly cert: Token;
  readonly key: Token;
}

/** A site that was read. */
export interface Site {
  readonly addresses: readonly SiteAddress[];
  readonly tls: readonly SiteTls[];
  /** Some `tls` stands in it, rightly or wrongly. */
  readonly asksForTls: boolean;
  /** Hosts to listen on; empty for all. */
  readonly bind: readonly Token[];
  readonly routes: readonly DocMap[];
}

/** Reads a site: its addresses, what it is served with, and its routes. */
export function readSite({ keys, directives }: ServerBlock, options: GlobalOptions, report: Report): Site {
  const addresses = keys.flatMap((key) => readAddress(key, options.ports, report) ?? []);
  const tls: SiteTls[] = [];
  let bind = options.defaultBind;
  let log: ReturnType<typeof readLog>;
  const lines: Directive[] = [];
  for (const line of directives) {
    switch (line.name.text) {
      case "tls":
        tls.push(...readTls(line, report));
        break;
      case "bind":
        if (line.block !== undefined) report.error(line.name, "bind has no block here");
        bind = readBind(line.args, line.name, report);
        break;
      case "log": {
        const own = readLog(line, options.logDefaults, report);
        if (log !== undefined && own !== undefined && meaningOf(log.value) !== meaningOf(own.value)) {
          report.error(line.name, "a site has one log of its requests here");
        }
        log = own;
        break;
      }
      default:
        lines.push(line);
    }
  }
  const routes = readRoutes(lines, { report, order: options.order, matchers: new Map() });
  return {
    addresses,
    tls,
    bind,
    asksForTls: directives.some(({ name }) => name.text === "tls"),
    routes: log === undefined ? routes : logged(log, routes),
  };
}

/** A site's log holds for all of its routes: it comes first. */
function logged(log: NonNullable<ReturnType<typeof readLog>>, routes: readonly DocMap[]): readonly DocMap[] {
  const [first, ...rest] = routes;
  const isAlone = first?.entries.some(({ key }) => key === "match" || key === "routes" || key === "terminal");
  if (first === undefined || isAlone === true) return [mapNode([log], log.keySpan), ...routes];
  return [mapNode([log, ...first.entries], log.keySpan), ...rest];
}

const TLS_FORM = "tls CERT KEY, two files";

function readTls(line: Directive, report: Report): readonly SiteTls[] {
  const { name, args, block } = line;
  const [first, second] = args;
  const later = "certificates that are got by themselves come with a later version";
  for (const inner of block ?? []) {
    report.error(inner.name, `${inner.name.text} of tls is Caddy's, and not taken here`, { expected: TLS_FORM });
  }
  if (first !== undefined && second === undefined) {
    const help = first.text.includes("@") ? `${later}, and with them the address for mail` : later;
    const what =
      first.text === "internal" ? "a certificate of Caddy's own authority is not made here" : "one file is missing";
    const message = first.text.includes("@") ? "a certificate by ACME is not fetched here" : what;
    report.error(first, message, { expected: TLS_FORM, help });
    return [];
  }
  if (block !== undefined && args.length === 0) return [];
  const [cert, key] = argumentsOf({ ...line, block: undefined }, { form: TLS_FORM, least: 2, most: 2 }, report) ?? [];
  return cert === undefined || key === undefined ? [] : [{ at: name, cert, key }];
}
