import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ListenerConfig, ProcessConfig, RouteConfig, UpstreamAddress } from "../../src/config/model.ts";
import { parseTraceParent } from "../../src/core/trace-context.ts";
import { LogFile, type Record } from "../helpers/access-log.ts";
import { LANES } from "../helpers/lanes.ts";
import { reverseProxy, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin, refusingPort, type Script } from "../helpers/raw-origin.ts";
import { rawClient, RawOrigin as WebSocketOrigin } from "../helpers/ws-raw.ts";

setDefaultTimeout(30_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: the-upstream's\r\n\r\nok";
const UUIDV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

interface Told {
  /** What the upstream got, and the client, of each request. */
  readonly upstream: readonly Exchange[];
  readonly client: readonly (string | undefined)[];
  readonly records: readonly Record[];
}

interface Setting {
  readonly process?: Partial<ProcessConfig>;
  readonly listener?: Partial<ListenerConfig>;
  readonly script?: Script;
  readonly ports?: (origin: number) => readonly number[];
  readonly routes?: (all: readonly UpstreamAddress[]) => readonly RouteConfig[];
}

/** Sends requests with these fields, one after the other, and gathers who was told what. */
async function told(setting: Setting, ...requests: readonly (readonly string[])[]): Promise<Told> {
  using file = new LogFile();
  await using origin = RawOrigin.start(setting.script ?? OK);
  const ports = setting.ports?.(origin.port) ?? [origin.port];
  const upstreams = ports.map((port): UpstreamAddress => ({ type: "tcp", host: "127.0.0.1", port, tls: false }));
  const client: (string | undefined)[] = [];
  {
    const { process = {}, listener = {} } = setting;
    const routes = setting.routes?.(upstreams) ?? [file.routeTo(upstreams)];
    await using proxy = await startProxy(upstreams, { routes, process, listener });
    await using connection = await RawClient.connect(proxy.port);
    for (const fields of requests) {
      const { head } = await connection.request(fields[0]?.startsWith("TRACE") === true ? "TRACE" : "GET", "/", [
        "Host: a",
        ...fields.filter((field) => field.includes(":")),
      ]);
      client.push(valueOf(head, "x-request-id"));
    }
  }
  return { upstream: origin.exchanges, client, records: setting.routes === undefined ? file.records() : [] };
}

const ID = { requestId: { field: "X-Request-Id", answers: false } } as const;
const ANSWERED = { requestId: { field: "X-Request-Id", answers: true } } as const;

function idOf(exchange: Exchange | undefined): string | undefined {
  return exchange && valueOf(exchange.head, "x-request-id");
}

describe("a request's identifier", () => {
  test.each(LANES)("is made, sent upstream, and stands in the log ($lane lane)", async ({ fields }) => {
    const { upstream, client, records } = await told({ process: ID }, fields.slice(1), fields.slice(1));
    const [first, second] = upstream.map(idOf);
    expect(first).toMatch(UUIDV7);
    expect(second).toMatch(UUIDV7);
    expect(second).not.toBe(first);
    expect(records.map((record) => record.request_id)).toEqual([first, second]);
    // The client is not told, but what the upstream says passes.
    expect(client).toEqual(["the-upstream's", "the-upstream's"]);
  });

  test("is not there where nobody asked for one: a client's passes like any field", async () => {
    const { upstream, records } = await told({}, [], ["X-Request-Id: mine"]);
    expect(upstream.map(idOf)).toEqual([undefined, "mine"]);
    expect(records.map((record) => record.request_id)).toEqual([undefined, undefined]);
  });

  test("of a client that is not trusted is replaced", async () => {
    const { upstream } = await told({ process: ID }, ["X-Request-Id: mine"]);
    expect(idOf(upstream[0])).toMatch(UUIDV7);
  });

  test.each([
    ["abc-123_x.y~z:/+=@", true],
    ["x".repeat(128), true],
    ["x".repeat(129), false],
    ["a b", false],
    ['"a"', false],
    ["<script>", false],
    ["$(id)", false],
    ["gr\u00fcn", false],
    ["a, b", false],
  ])("of a trusted proxy is kept where it is one: %s", async (given, isKept) => {
    const { upstream, records } = await told({ process: ID, listener: { trustedProxies: ["127.0.0.0/8"] } }, [
      `X-Request-Id: ${given}`,
    ]);
    const sent = idOf(upstream[0]);
    if (isKept) expect(sent).toBe(given);
    else expect(sent).toMatch(UUIDV7);
    expect(records[0]?.request_id).toBe(sent);
  });

  test("goes to the client with every answer, where it is to: in place of the upstream's, and with failures", async () => {
    const { upstream, client, records } = await told({ process: ANSWERED }, [], ["TRACE"]);
    expect(client[0]).toBe(idOf(upstream[0]));
    expect(client[0]).toMatch(UUIDV7);
    // Refused before the routes saw it.
    expect(client[1]).toMatch(UUIDV7);
    expect(records.map((record) => record.request_id)).toEqual([...client]);
    const failed = await told({ process: ANSWERED, ports: () => [refusingPort()] }, []);
    expect(failed.client[0]).toMatch(UUIDV7);
    expect(failed.records[0]?.request_id).toBe(failed.client[0]);
  });

  test("is the same for each attempt, and for placeholders", async () => {
    const retried = await told({ process: ANSWERED, ports: (origin) => [refusingPort(), origin] }, [], []);
    expect(retried.upstream.map(idOf)).toEqual([...retried.client]);
    const routes = (all: readonly UpstreamAddress[]): readonly RouteConfig[] => {
      const headerUp = {
        add: [],
        set: [{ field: "X-Seen", value: "{http.request.uuid}" }],
        remove: [],
        replace: [],
        default: [],
      };
      const proxy = reverseProxy(all, { headerUp });
      return [{ name: "a", match: [], handlers: [{ type: "proxy", proxy }], terminal: false }];
    };
    const { upstream } = await told({ process: ID, routes }, []);
    const [exchange] = upstream;
    expect(exchange && valueOf(exchange.head, "x-seen")).toBe(idOf(exchange));
  });

  test("stands in a field of one's own", async () => {
    const { upstream } = await told({ process: { requestId: { field: "X-Correlation-Id", answers: false } } }, [
      "X-Request-Id: mine",
    ]);
    expect(idOf(upstream[0])).toBe("mine");
    expect(upstream[0] && valueOf(upstream[0].head, "x-correlation-id")).toMatch(UUIDV7);
  });

  test("goes with the handshake of a WebSocket, both ways", async () => {
    await using origin = await WebSocketOrigin.start();
    await using proxy = await startProxy(origin.port, { process: ANSWERED });
    using client = await rawClient(proxy.port, []);
    using upstream = await origin.next();
    upstream.accept();
    const id = /x-request-id: (.*)/i.exec(await client.head())?.[1];
    expect(id).toMatch(UUIDV7);
  });
});

describe("a trace", () => {
  const trace = { traceContext: true } as const;
  const parentOf = (exchange: Exchange | undefined): ReturnType<typeof parseTraceParent> =>
    exchange && parseTraceParent(valueOf(exchange.head, "traceparent") ?? "");
  const stateOf = (exchange: Exchange | undefined): string | undefined =>
    exchange && valueOf(exchange.head, "tracestate");

  test.each(LANES)("goes on with a span of our own, its state untouched ($lane lane)", async ({ fields }) => {
    const { upstream, records } = await told({ process: trace }, [
      ...fields.slice(1),
      `traceparent: 00-${TRACE}-${SPAN}-00`,
      "tracestate: a=1, b=2",
    ]);
    const parent = parentOf(upstream[0]);
    expect(parent).toMatchObject({ traceId: TRACE, flags: "00" });
    expect(parent?.parentId).not.toBe(SPAN);
    expect(stateOf(upstream[0])).toBe("a=1, b=2");
    expect(records[0]).toMatchObject({ traceID: TRACE, spanID: parent?.parentId });
  });

  test("begins where there is none", async () => {
    const { upstream, records } = await told({ process: trace }, [], []);
    const [first, second] = upstream.map(parentOf);
    expect(first?.flags).toBe("01");
    expect(second?.traceId).not.toBe(first?.traceId);
    expect(records.map((record) => record.traceID)).toEqual([first?.traceId, second?.traceId]);
  });

  test("that cannot be read is begun anew, without the state of whatever it was", async () => {
    const { upstream } = await told({ process: trace }, [`traceparent: 00-${TRACE}-bad-01`, "tracestate: a=1"]);
    expect(parentOf(upstream[0])?.traceId).not.toBe(TRACE);
    expect(parentOf(upstream[0])).toBeDefined();
    expect(stateOf(upstream[0])).toBeUndefined();
  });

  test("is none of our business where no part is taken: its fields pass", async () => {
    const { upstream, records } = await told(
      {},
      [`traceparent: 00-${TRACE}-${SPAN}-01`, "tracestate: a=1"],
      ["traceparent: nonsense"],
    );
    expect(upstream.map(({ head }) => valueOf(head, "traceparent"))).toEqual([`00-${TRACE}-${SPAN}-01`, "nonsense"]);
    expect(stateOf(upstream[0])).toBe("a=1");
    expect(records[0]).not.toHaveProperty("traceID");
  });
});
