import { randomInt } from "node:crypto";
import { type DnsAnswer, type DnsRecord, type RecordType, readAnswer, writeQuestion } from "./message.ts";
import { type DnsServerAddress, serverOf, systemServers } from "./server.ts";
import { askByTcp, askByUdp, type Reply } from "./transport.ts";

/** What servers say of a name. */
export type Resolved =
  /** None: the name has no such record, or there is no such name. */
  | { readonly type: "answer"; readonly records: readonly DnsRecord[]; readonly isKnownName: boolean }
  /** Nobody could say: what is known may be true still. */
  | { readonly type: "failure"; readonly reason: string };

/** One server has so long for one question. */
const TIMEOUT_MS = 2_000;
/** Datagrams get lost: every server is asked twice before it is given up. */
const ROUNDS = 2;

const NO_ERROR = 0;
const NAME_ERROR = 3;
/** RFC 1035 4.1.1. */
const CODES: Readonly<Record<number, string>> = { 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED" };

/**
 * Asks DNS servers (RFC 1035), those that are named or those of the system, the first one first and each next one where that
 * one fails. It remembers nothing. Bun's own `Resolver` keeps answers for as long as their TTL, so that an interval shorter than that
 * would not hold, and tells no TTL of SRV records (Bun 1.4.5).
 */
export class DnsClient {
  readonly #servers: readonly DnsServerAddress[];
  readonly #timeoutMs: number;

  /** @param resolvers `IP` or `IP:PORT`; none: the system's */
  constructor(resolvers: readonly string[], timeoutMs = TIMEOUT_MS) {
    this.#servers = resolvers.map(serverOf);
    this.#timeoutMs = timeoutMs;
  }

  async ask(name: string, type: RecordType, signal: AbortSignal): Promise<Resolved> {
    const servers = this.#servers.length > 0 ? this.#servers : await systemServers();
    let reason = "";
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) {
        if (signal.aborted) return { type: "failure", reason: "it is not wanted any more" };
        const reply = await this.#askOne(server, { name, type }, signal);
        if (reply.ok) {
          const { code, records } = reply.answer;
          if (code === NO_ERROR) return { type: "answer", records, isKnownName: true };
          if (code === NAME_ERROR) return { type: "answer", records: [], isKnownName: false };
          reason = `${server.host} answers ${CODES[code] ?? `with code ${code}`}`;
        } else reason = `${server.host}: ${reply.reason}`;
      }
    }
    return { type: "failure", reason };
  }

  async #askOne(
    server: DnsServerAddress,
    { name, type }: { readonly name: string; readonly type: RecordType },
    signal: AbortSignal,
  ): Promise<Reply<DnsAnswer>> {
    const question = { id: randomInt(0x1_0000), name, type };
    const query = writeQuestion(question);
    if (query === undefined) return { ok: false, reason: "this name cannot be asked for" };
    const read = (message: Buffer): DnsAnswer | undefined => readAnswer(message, question);
    const patience = { timeoutMs: this.#timeoutMs, signal };
    const reply = await askByUdp(server, query, patience, read);
    return reply.ok && reply.answer.isTruncated ? await askByTcp(server, query, patience, read) : reply;
  }
}
