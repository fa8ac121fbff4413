import type { AccessLogConfig } from "../config/model.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { compileMatch, type RequestMatcher } from "../routing/match.ts";
import { matchesAnyStatus } from "../upstream/status-pattern.ts";
import { accessRecord } from "./access-record.ts";
import type { GatewaySession } from "./gateway-ctx.ts";

/** What a route has logged, and which of its requests. */
export class RouteLog {
  readonly #log: AccessLog;
  readonly #config: AccessLogConfig;
  readonly #skip: RequestMatcher | undefined;
  readonly #random: () => number;
  /** Undefined where every request is written. */
  readonly #isChoosy: boolean;

  /** @param random from 0 up to 1 */
  constructor(log: AccessLog, config: AccessLogConfig, random: () => number = Math.random) {
    this.#log = log;
    this.#config = config;
    this.#skip = config.skip.length === 0 ? undefined : compileMatch(config.skip);
    this.#random = random;
    this.#isChoosy = config.sample < 1 || config.statuses.length > 0 || config.slowerThanMs > 0;
  }

  /** Whether a request that begins is one that is logged. */
  takes(session: GatewaySession): boolean {
    return this.#skip?.matches(session) !== true;
  }

  /** To be called when it is over. */
  write(session: GatewaySession): void {
    if (this.#isChoosy && !this.#wants(session)) return;
    if (!this.#log.isFull()) this.#log.write(accessRecord(session));
  }

  /** What failed is never left to chance. */
  #wants(session: GatewaySession): boolean {
    const { statuses, slowerThanMs, sample } = this.#config;
    const isOfStatus = statuses.length > 0 && matchesAnyStatus(statuses, session.status);
    const isSlow = slowerThanMs > 0 && (session.observation?.elapsedMs() ?? 0) >= slowerThanMs;
    if ((statuses.length > 0 || slowerThanMs > 0) && !isOfStatus && !isSlow) return false;
    return sample >= 1 || session.error !== undefined || session.status >= 500 || this.#random() < sample;
  }
}
