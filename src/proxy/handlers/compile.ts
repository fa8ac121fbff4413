import type { HandlerConfig, ReverseProxyConfig, RouteConfig } from "../../config/model.ts";
import type { WorkerMeter } from "../../observe/metrics/worker-meter.ts";
import { RouteIndex } from "../../routing/route-index.ts";
import { type Awaitable, whenDone } from "../awaitable.ts";
import { ErrorRoutes } from "../error-routes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { ProxyRoute } from "../proxy-route.ts";
import { ResponseHandlers } from "../response-handlers.ts";
import { type CompiledRoute, RouteList, runHandlers } from "../route-list.ts";
import { UpstreamSet } from "../../upstream/upstream-set.ts";
import type { Names } from "../../upstream/names/names.ts";
import type { Peers } from "../../upstream/peers.ts";
import type { AccessLogs } from "../access-logs.ts";
import { AccessLogHandler } from "./access-log.ts";
import { BasicAuth } from "./basic-auth.ts";
import { CopyResponse, CopyResponseHeaders } from "./copy-response.ts";
import { EncodeHandler } from "./encode.ts";
import { ErrorHandler } from "./error.ts";
import type { Continuation, Handler, Outcome } from "./handler.ts";
import { HeaderHandler } from "./header.ts";
import type { Maintenance } from "../maintenance.ts";
import { MaxBody } from "./max-body.ts";
import type { PasswordChecks } from "./password-checks.ts";
import { Proxy } from "./proxy.ts";
import { Redirect } from "./redirect.ts";
import { Replace } from "./replace.ts";
import { ReplaceRegexp } from "./replace-regexp.ts";
import { RequestHeader } from "./request-header.ts";
import { Respond } from "./respond.ts";
import { RespondFile } from "./respond-file.ts";
import { Rewrite } from "./rewrite.ts";
import { StripPrefix } from "./strip-prefix.ts";
import { StripSuffix } from "./strip-suffix.ts";

/** What compiling takes from what outlives a configuration. */
export interface CompileContext {
  readonly peers: Peers;
  /** Undefined: names are not looked up. */
  readonly names?: Names;
  readonly accessLogs: AccessLogs;
  readonly passwords: PasswordChecks;
  readonly maintenance: Maintenance;
}

/** Compiles routes with all that is in them, and remembers where they forward to. Made for one configuration. */
export class RouteCompiler {
  /** Every place that something is forwarded to, in the order of the configuration. */
  readonly proxyRoutes: ProxyRoute[] = [];
  /** True when some route edits answers. */
  editsAnswers = false;
  /** True when some route logs requests. */
  logsRequests = false;
  /** True when some route answers in place of an upstream. */
  handlesResponses = false;
  /** Every host that some route is for. */
  readonly hosts = new Set<string>();
  readonly #context: CompileContext;
  readonly #meter: WorkerMeter | undefined;

  /** @param meter where requests are counted; undefined where they are not */
  constructor(context: CompileContext, meter?: WorkerMeter) {
    this.#context = context;
    this.#meter = meter;
  }

  /** @param key the names of the routes around these @param next what comes after them */
  list(routes: readonly RouteConfig[], key = "", next = NOTHING): RouteList {
    const after = (number: number) => (session: GatewaySession) => goOn(list.after(number, session), session, next);
    const list: RouteList = new RouteList(
      new RouteIndex(routes.map((route, i) => ({ match: route.match, value: this.#route(route, key, after(i)) }))),
      this.#context.maintenance,
    );
    return list;
  }

  #route({ name, match, handlers, terminal }: RouteConfig, outer: string, next: Continuation): CompiledRoute {
    const key = outer === "" ? name : `${outer} > ${name}`;
    for (const matcher of match.flat())
      if (matcher.type === "host") for (const host of matcher.hosts) this.hosts.add(host);
    const compiled: Handler[] = [];
    for (const [i, handler] of handlers.entries()) {
      const after = (session: GatewaySession) => goOn(runHandlers(compiled, i + 1, session), session, next);
      compiled.push(this.handler(handler, key, after));
    }
    return { key, handlers: compiled, terminal, meter: this.#meter?.route(key) };
  }

  #set(config: ReverseProxyConfig): UpstreamSet {
    return new UpstreamSet(config, this.#context.peers, this.#context.names);
  }

  #responses({ onResponse }: ReverseProxyConfig, key: string, next: Continuation): ResponseHandlers | undefined {
    if (onResponse.length === 0) return undefined;
    this.handlesResponses = true;
    const list = (routes: readonly RouteConfig[], number: number): RouteList =>
      this.list(routes, `${key} > response ${number}`, next);
    return new ResponseHandlers(onResponse, list, next);
  }

  /** @param key the names of the routes around it @param next what comes after it */
  handler(config: HandlerConfig, key: string, next = NOTHING): Handler {
    switch (config.type) {
      case "request_header":
        return new RequestHeader(config.edits);
      case "header":
        this.editsAnswers = true;
        return new HeaderHandler(config);
      case "rewrite":
        return new Rewrite(config.to);
      case "strip_prefix":
        return new StripPrefix(config.prefix);
      case "strip_suffix":
        return new StripSuffix(config.suffix);
      case "replace":
        return new Replace(config);
      case "replace_regexp":
        return new ReplaceRegexp(config);
      case "max_request_body":
        return new MaxBody(config.bytes);
      case "encode":
        this.editsAnswers = true;
        return new EncodeHandler(config);
      case "basic_auth":
        return new BasicAuth(config, this.#context.passwords);
      case "access_log":
        if (config.output.type !== "off") this.logsRequests = true;
        return new AccessLogHandler(this.#context.accessLogs.of(config));
      case "errors":
        // What a failure says of itself stands on an answer that is fetched for it, too.
        this.editsAnswers = true;
        return new ErrorRoutes(
          config.on.map(({ statuses, routes }) => ({ statuses, routes: this.list(routes, `${key} > errors`) })),
        );
      case "respond":
        return new Respond(config);
      case "respond_file":
        return new RespondFile(config);
      case "copy_response":
        return new CopyResponse(config);
      case "copy_response_headers":
        this.editsAnswers = true;
        return new CopyResponseHeaders(config);
      case "redirect":
        return new Redirect(config);
      case "error":
        return new ErrorHandler(config);
      case "routes":
        return this.list(config.routes, key, next);
      case "proxy": {
        const route = new ProxyRoute(
          key,
          config.proxy,
          this.#set(config.proxy),
          this.#responses(config.proxy, key, next),
        );
        this.proxyRoutes.push(route);
        if (route.headerDown !== undefined || route.sticky !== undefined) this.editsAnswers = true;
        return new Proxy(route, config.proxy.rewrite === undefined ? undefined : new Rewrite(config.proxy.rewrite));
      }
      default:
        return config satisfies never;
    }
  }
}

const NOTHING: Continuation = () => undefined;

/** Goes on with what comes next, where something did neither answer nor forward. */
function goOn(
  outcome: Awaitable<Outcome | undefined>,
  session: GatewaySession,
  next: Continuation,
): Awaitable<Outcome | undefined> {
  return whenDone(outcome, (settled) => settled ?? next(session));
}
