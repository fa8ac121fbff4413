import type { BasicAuthConfig } from "../../config/routes-model.ts";
import type { Awaitable } from "../awaitable.ts";
import { bytesOfText } from "../bytes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { FailureAnswer } from "./failure-answer.ts";
import { setField } from "./field-edits.ts";
import type { Handler, Outcome } from "./handler.ts";
import { PasswordChecks, type Verdict } from "./password-checks.ts";

/** Lets those in who know a password (RFC 7617). The Authorization field goes upstream as it came (Caddy). */
export class BasicAuth implements Handler {
  readonly #users: ReadonlyMap<string, User>;
  /** Compared for a user that there is not, so that the time it takes tells nothing. */
  readonly #nobody: string;
  readonly #challenge: string;
  readonly #checks: PasswordChecks;

  /** @param checks may be shared by all of a worker, and then holds for all of them */
  constructor(config: BasicAuthConfig, checks = new PasswordChecks()) {
    this.#users = new Map(config.users.map((user) => [bytesOfText(user.name), user]));
    this.#nobody = `$2b$${highestCost(config.users)}$${".".repeat(53)}`;
    this.#challenge = `Basic realm="${bytesOfText(config.realm).replace(/["\\]/g, "\\$&")}"`;
    this.#checks = checks;
  }

  handle(session: GatewaySession): Awaitable<Outcome | undefined> {
    const given = parseCredentials(session.headers.get("authorization"));
    if (given === undefined) return this.#refuse("no credentials");
    const user = this.#users.get(given.user);
    const verdict = this.#checks.verify(given.password, user?.hash ?? this.#nobody);
    return typeof verdict === "string"
      ? this.#judge(session, user, verdict)
      : verdict.then((later) => this.#judge(session, user, later));
  }

  #judge(session: GatewaySession, user: User | undefined, verdict: Verdict): Outcome | undefined {
    if (verdict === "busy") {
      return new FailureAnswer(503, "too many passwords are being compared", new Headers({ "Retry-After": "1" }));
    }
    if (verdict === "wrong" || user === undefined) return this.#refuse("wrong user or password");
    session.ctx.user = user.name;
    return undefined;
  }

  #refuse(detail: string): FailureAnswer {
    const headers = new Headers();
    setField(headers, "WWW-Authenticate", this.#challenge);
    return new FailureAnswer(401, detail, headers);
  }
}

type User = BasicAuthConfig["users"][number];

/** Two digits, as they stand in a hash. */
function highestCost(users: readonly User[]): string {
  const costs = users.map(({ hash }) => /^\$2[abxy]?\$(\d\d)\$/.exec(hash)?.[1] ?? "10");
  return costs.reduce((high, cost) => (cost > high ? cost : high), "04");
}

// The scheme in any case and one blank, as Go; several Authorization lines come joined, and the first one counts.
const BASIC = /^basic ([A-Za-z0-9+/]+={0,2})(?:,|$)/i;

interface Credentials {
  /** One char for each byte. */
  readonly user: string;
  readonly password: Uint8Array;
}

function parseCredentials(field: string | null): Credentials | undefined {
  const encoded = field === null ? undefined : BASIC.exec(field)?.[1];
  if (encoded === undefined || encoded.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const colon = bytes.indexOf(":");
  if (colon < 0) return undefined;
  return { user: bytes.toString("latin1", 0, colon), password: bytes.subarray(colon + 1) };
}
