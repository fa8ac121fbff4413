import { matchText } from "../describe.ts";
import type { Settings } from "../given.ts";
import type {
  ErrorRoutesConfig,
  HandlerConfig,
  ListenAddress,
  MatcherSet,
  ResponseHandlerConfig,
  ReverseProxyConfig,
  RouteConfig,
} from "../model.ts";
import { PAGE_EXPECTED, readPageFile } from "../page-file.ts";
import type { Problem } from "../problem.ts";
import { proxyConfig } from "../proxy.ts";
import { policyProblems, upstreamPolicy } from "../upstream-policy.ts";
import { buildUpstreams, buildUpstreamTls, namedFiles, withoutTls } from "../upstreams.ts";
import type { HandlerDraft, ProxyDraft, RespondFileDraft, ResponseHandlerDraft, RouteDraft } from "./draft.ts";
import { unreachable } from "./reach.ts";

/** What the routes of a file are made in front of. */
export interface RouteSurroundings {
  /** The defaults of every route. */
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The IP addresses of this machine. */
  readonly local: () => readonly string[];
  /** Say which routes are never reached. */
  readonly warnsOfUnreachable: boolean;
}

/** The listeners that a list of routes serves, as far as its routes care. */
export interface Serving {
  readonly addresses: readonly ListenAddress[];
  /** The least of their limits on a request's body; 0 is none. */
  readonly maxRequestBodyBytes: number;
}

/** Makes routes of what was read, and finds what contradicts itself in them. */
export class RouteBuilder {
  readonly #surroundings: RouteSurroundings;
  readonly #problems: Problem[] = [];
  /** Files that the routes name and that were read. */
  readonly files: string[] = [];
  /** Whether the defaults about TLS have a use for some route. */
  #speaksTls = false;
  #hasUpstreams = false;

  constructor(surroundings: RouteSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The routes of one list, with those within them. */
  async build(drafts: readonly RouteDraft[], serving: Serving, isChanged = false): Promise<readonly RouteConfig[]> {
    if (this.#surroundings.warnsOfUnreachable) this.#problems.push(...unreachable(drafts));
    const names = this.#nameAll(drafts);
    const routes: RouteConfig[] = [];
    for (const [i, draft] of drafts.entries()) {
      const changes = isChanged || draft.handlers.some(changesRequest) || seesConnection(draft.match);
      const handlers: HandlerConfig[] = [];
      for (const handler of draft.handlers) handlers.push(await this.#handler(draft, handler, serving, changes));
      const { match, terminal } = draft;
      routes.push({ name: names[i] ?? "", match, handlers, terminal });
    }
    return routes;
  }

  /** Everything that was found wrong or odd, each once. Call it when all is built. */
  problems(): readonly Problem[] {
    const { settings } = this.#surroundings;
    // Of defaults it can be said only now whether some route has a use for them.
    if (this.#hasUpstreams && !this.#speaksTls) this.#problems.push(...withoutTls(settings));
    const said = new Set<string>();
    return this.#problems.filter((problem) => {
      const key = JSON.stringify([problem.place, problem.message]);
      return !said.has(key) && said.add(key);
    });
  }

  async #handler(
    route: RouteDraft,
    handler: HandlerDraft,
    serving: Serving,
    isChanged: boolean,
  ): Promise<HandlerConfig> {
    switch (handler.type) {
      case "routes":
        return { type: "routes", routes: await this.build(handler.routes, serving, isChanged) };
      case "respond_file":
        return this.#page(handler);
      case "errors": {
        const on: ErrorRoutesConfig[] = [];
        for (const { statuses, routes } of handler.on) {
          // What becomes of a failed request is another question than where it goes.
          on.push({ statuses, routes: await this.build(routes, serving, true) });
        }
        return { type: "errors", on };
      }
      case "proxy":
        return { type: "proxy", proxy: await this.#proxy(handler.proxy, serving, isChanged) };
      case "max_request_body": {
        const { maxRequestBodyBytes: most } = serving;
        if (most > 0 && (handler.bytes === 0 || handler.bytes > most)) {
          const message = `the listener's max_request_body of ${most} bytes is less, and holds first`;
          const expected = `at most ${most}, or a larger one for the listener`;
          this.#problems.push({ severity: "error", place: route.place, message, expected });
        }
        return handler;
      }
      default:
        return handler;
    }
  }

  async #proxy(draft: ProxyDraft, serving: Serving, isChanged: boolean): Promise<ReverseProxyConfig> {
    const { settings: defaults, now, local } = this.#surroundings;
    const { settings: own, policy, host, headerUp, headerDown, method, rewrite } = draft;
    const onResponse = await this.#responses(draft.onResponse, serving);
    const settings = own.over(defaults);
    const edits = [host, headerUp, method, rewrite].some((each) => each !== undefined);
    // What comes back changed may take another route.
    const listening = isChanged || edits ? [] : serving.addresses;
    const dynamic = policy.dynamic && { ...policy.dynamic, tls: settings.value("tls") };
    const { upstreams, problems } =
      dynamic === undefined ? buildUpstreams(settings, listening, local) : { upstreams: [], problems: [] };
    const spoken = dynamic === undefined ? upstreams : [dynamic];
    const tls = await buildUpstreamTls(settings, spoken, now, own);
    this.files.push(...namedFiles(own));
    this.#problems.push(...policyProblems(settings, own, draft.needing), ...problems, ...tls.problems);
    this.#hasUpstreams ||= spoken.length > 0;
    this.#speaksTls ||= spoken.some((upstream) => upstream.tls);
    return proxyConfig(settings, upstreams, tls.tls, {
      ...upstreamPolicy(settings, own, { ...policy, dynamic, onResponse }),
      host,
      headerUp,
      headerDown,
      method,
      rewrite,
    });
  }

  async #responses(
    drafts: readonly ResponseHandlerDraft[],
    serving: Serving,
  ): Promise<readonly ResponseHandlerConfig[]> {
    const made: ResponseHandlerConfig[] = [];
    for (const { then, ...when } of drafts) {
      // An answer was got already: what is forwarded to then is no loop.
      if (then.type === "routes") {
        made.push({ ...when, then: { type: "routes", routes: await this.build(then.routes, serving, true) } });
      } else made.push({ ...when, then });
    }
    return made;
  }

  /** One that cannot be read answers nothing, which is never seen: the start fails. */
  #page({ file, contentType, ...rest }: RespondFileDraft): HandlerConfig {
    this.files.push(file.value);
    const page = readPageFile(file.value, contentType);
    if (page.ok) return { ...rest, file: page.value };
    const base = { severity: "error", place: file.place, seen: file.text, expected: PAGE_EXPECTED } as const;
    this.#problems.push({ ...base, message: page.fault });
    return { type: "respond", status: rest.status, body: "", close: rest.close };
  }

  /** The names of the routes of one list: given, or what each matches; #2, #3 tell equal ones apart. */
  #nameAll(drafts: readonly RouteDraft[]): readonly string[] {
    const given = new Set<string>();
    for (const { name } of drafts) {
      if (name === undefined) continue;
      if (given.has(name.value)) {
        const message = "another route of this list has this name";
        this.#problems.push({
          severity: "error",
          place: name.place,
          message,
          seen: name.text,
          expected: "each name once",
        });
      }
      given.add(name.value);
    }
    const taken = new Set(given);
    return drafts.map(({ name, match }) => {
      if (name !== undefined) return name.value;
      const base = matchText(match);
      let unique = base;
      for (let n = 2; taken.has(unique); n++) unique = `${base} #${n}`;
      taken.add(unique);
      return unique;
    });
  }
}

const CHANGING: ReadonlySet<HandlerDraft["type"]> = new Set([
  "request_header",
  "rewrite",
  "strip_prefix",
  "strip_suffix",
  "replace",
  "replace_regexp",
] as const);

function changesRequest({ type }: HandlerDraft): boolean {
  return CHANGING.has(type);
}

/** True when it looks at what is another thing once gatekeeper itself is the client. */
function seesConnection(match: readonly MatcherSet[]): boolean {
  const kinds = new Set(["remote_ip", "client_ip", "protocol", "not"]);
  return match.flat().some((matcher) => kinds.has(matcher.type));
}
