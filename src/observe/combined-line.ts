import { commonLogTime } from "../core/times.ts";
import type { AccessRecord } from "./access-record.ts";
import { logBytes, logName } from "./escape.ts";
import type { LineFormat } from "./line-format.ts";
import { REDACTED, type Redaction } from "./redaction.ts";

/**
 * The Common Log Format, and with Referer and User-Agent behind it the combined one, byte for byte as nginx writes them
 * (`ngx_http_log_module`, `escape=default`): `-` for what is not there, the local time of the end.
 */
export class CombinedFormat implements LineFormat {
  readonly #redaction: Redaction;
  readonly #isCombined: boolean;
  #second = Number.NaN;
  #time = "";

  constructor(redaction: Redaction, isCombined: boolean) {
    this.#redaction = redaction;
    this.#isCombined = isCombined;
  }

  line(record: AccessRecord): string {
    const { clientAddress, userId, proto, status, size, requestHeaders } = record;
    const second = Math.floor(record.endMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = commonLogTime(new Date(record.endMs));
    }
    const user = userId === "" ? "-" : logName(userId);
    let request = `${logBytes(record.method)} ${logBytes(this.#redaction.target(record.uri))}`;
    if (proto !== undefined) request += ` ${proto}`;
    const line = `${clientAddress === "" ? "unix:" : clientAddress} - ${user} [${this.#time}] "${request}" ${status} ${size}`;
    if (!this.#isCombined) return `${line}\n`;
    const agent = this.#field(requestHeaders, "user-agent");
    return `${line} "${this.#field(requestHeaders, "referer")}" "${agent}"\n`;
  }

  /** There is no such line in these formats. */
  dropped(): string {
    return "";
  }

  #field(headers: Headers, name: string): string {
    const value = headers.get(name);
    if (value === null) return "-";
    return this.#redaction.headers.has(name) ? REDACTED : logBytes(this.#redaction.value(name, value));
  }
}
