import type { DocEntry } from "../document.ts";
import { readAdmin } from "./admin-option.ts";
import { argumentOf, argumentsOf } from "./arguments.ts";
import type { Ports } from "./addresses.ts";
import { readBind } from "./bind.ts";
import type { Directive } from "./blocks.ts";
import { DIRECTIVE_ORDER } from "./directive-order.ts";
import type { LogDefaults } from "./directives/log.ts";
import { readLogBlock } from "./log-block.ts";
import { readMetrics } from "./metrics-option.ts";
import { entry, wordNode } from "./nodes.ts";
import { KNOWN_OPTIONS, REFUSED_OPTIONS } from "./refused-options.ts";
import type { Report } from "./report.ts";
import { readServers, type ServerOptions } from "./server-options.ts";
import type { Token } from "./token.ts";
import { secondsNode } from "./values.ts";

/** What the block of global options says. */
export class GlobalOptions {
  ports: { -readonly [K in keyof Ports]: number } = { http: 80, https: 443 };
  /** `off` and `disable_redirects`: no port 80 is opened beside a site with TLS. */
  redirects = true;
  defaultBind: readonly Token[] = [];
  order: readonly string[] = DIRECTIVE_ORDER;
  #logFormat: Token | undefined;
  #logLevel: Token | undefined;
  readonly servers: ServerOptions[] = [];
  /** Keys of the file's top level. */
  readonly entries = new Map<string, DocEntry>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** What the logs of sites have from here. */
  get logDefaults(): LogDefaults {
    const credentials = this.servers.find(({ credentials: given }) => given !== undefined)?.credentials;
    return { format: this.#logFormat, level: this.#logLevel, credentials };
  }

  take(line: Directive): void {
    const { name, args } = line;
    switch (name.text) {
      case "http_port":
        this.ports.http = this.#port(line) ?? this.ports.http;
        break;
      case "https_port":
        this.ports.https = this.#port(line) ?? this.ports.https;
        break;
      case "auto_https":
        this.#takeAutoHttps(line);
        break;
      case "grace_period": {
        const time = argumentOf(line, "grace_period TIME", this.#report);
        if (time !== undefined) this.#put("grace_period_seconds", name, secondsNode(time));
        break;
      }
      case "debug":
        if (argumentsOf(line, { form: "debug", least: 0, most: 0 }, this.#report) === undefined) break;
        this.#put("log_level", name, wordNode(name));
        break;
      case "log":
        this.#takeLog(line);
        break;
      case "admin": {
        const admin = readAdmin(line, this.#report);
        if (admin !== undefined) this.entries.set("admin", admin);
        break;
      }
      case "persist_config":
        this.#takeOff(line);
        break;
      case "default_bind":
        this.defaultBind = readBind(args, name, this.#report);
        break;
      case "order":
        this.#takeOrder(line);
        break;
      case "metrics":
        if (readMetrics(line, this.#report)) this.#put("metrics", name, wordNode(name, "true"));
        break;
      case "servers": {
        const options = readServers(line, this.#report);
        if (options !== undefined) this.servers.push(options);
        break;
      }
      default: {
        const help = REFUSED_OPTIONS.get(name.text);
        if (help === undefined) this.#report.unknown(name, "global option", KNOWN_OPTIONS);
        else this.#report.error(name, `the option ${name.text} is Caddy's, and not taken here`, { help });
      }
    }
  }

  #put(key: string, at: Token, value: DocEntry["value"]): void {
    this.entries.set(key, entry(key, at, value));
  }

  #port(line: Directive): number | undefined {
    const port = argumentOf(line, `${line.name.text} PORT`, this.#report);
    if (port === undefined) return undefined;
    if (/^\d+$/.test(port.text) && Number(port.text) >= 1 && Number(port.text) <= 65_535) return Number(port.text);
    return this.#report.error(port, "this is no port", { expected: "a number from 1 to 65535" });
  }

  #takeAutoHttps(line: Directive): void {
    const word = argumentOf(line, "auto_https off, or auto_https disable_redirects", this.#report);
    if (word === undefined) return;
    if (word.text === "off" || word.text === "disable_redirects") this.redirects = false;
    // Nothing else is meant by it: certificates are only those that are given.
    else if (word.text === "disable_certs") return;
    else if (word.text === "ignore_loaded_certs" || word.text === "prefer_wildcard") {
      const help = "certificates are given by tls CERT KEY; others come with a later version";
      this.#report.error(word, `auto_https ${word.text} is Caddy's, and not taken here`, { help });
    } else this.#report.unknown(word, "word of auto_https", ["off", "disable_redirects", "disable_certs"]);
  }

  #takeOff(line: Directive): void {
    const { name, args, block } = line;
    const isOff = args.length === 1 && args[0]?.text === "off" && block === undefined;
    if (isOff) return;
    const help = "nothing is persisted here";
    this.#report.error(args[0] ?? name, `${name.text} can only be off here`, { expected: `${name.text} off`, help });
  }

  #takeOrder(line: Directive): void {
    const form = "order DIRECTIVE first|last|before OTHER|after OTHER";
    const [directive, how, other] = argumentsOf(line, { form, least: 2, most: 3 }, this.#report) ?? [];
    if (directive === undefined || how === undefined) return;
    if (!DIRECTIVE_ORDER.includes(directive.text)) {
      this.#report.unknown(directive, "directive", DIRECTIVE_ORDER);
      return;
    }
    const rest = this.order.filter((name) => name !== directive.text);
    const isBeside = how.text === "before" || how.text === "after";
    if (!isBeside && how.text !== "first" && how.text !== "last") {
      this.#report.unknown(how, "place", ["first", "last", "before", "after"]);
    } else if (isBeside !== (other !== undefined)) {
      this.#report.error(other ?? how, `order ${how.text} has ${isBeside ? "one" : "no"} directive behind it`, {
        expected: form,
      });
    } else if (other !== undefined && !rest.includes(other.text)) this.#report.unknown(other, "directive", rest);
    else if (how.text === "first") this.order = [directive.text, ...rest];
    else if (how.text === "last") this.order = [...rest, directive.text];
    else {
      const at = rest.indexOf(other?.text ?? "") + (how.text === "after" ? 1 : 0);
      this.order = rest.toSpliced(at, 0, directive.text);
    }
  }

  /** The log of the process. Its place is standard error. */
  #takeLog({ name, args, block }: Directive): void {
    const [extra] = args;
    if (extra !== undefined && extra.text !== "default") {
      this.#report.error(extra, "a name of a log is Caddy's, and not taken here", { expected: "log { ... }" });
      return;
    }
    const { output, format, level } = readLogBlock(block ?? [], this.#report);
    if (output !== undefined && output.at.text !== "stderr") {
      const help = "start gatekeeper with its standard error sent there";
      this.#report.error(output.at, "the log of the process goes to standard error", {
        expected: "output stderr",
        help,
      });
    }
    if (format !== undefined) {
      this.#logFormat = format;
      this.#put("log_format", name, wordNode(format, format.text === "console" ? "human" : "json"));
    }
    this.#logLevel = level;
    if (level !== undefined) this.#put("log_level", name, wordNode(level, levelOf(level.text)));
  }
}

/** Caddy's levels by the words that are known here. */
function levelOf(level: string): string {
  const small = level.toLowerCase();
  return /^(?:panic|fatal)$/.test(small) ? "error" : small;
}
