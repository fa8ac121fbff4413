import { count, DURATION } from "../kinds.ts";
import { HEALTH_URI, PLAIN_POLICY, RESOLVER, STATUS_PATTERN } from "../upstream-kinds.ts";
import { setting } from "./setting.ts";

const MOST = 1_000_000;
const own = { status: "effective" } as const;
const flag = { status: "effective", flag: { group: "Forwarding" } } as const;

/** Which upstream is chosen, how failing ones are found and got round, and how names become addresses. Caddy's names. */
export const UPSTREAM_CARE = {
  lb_policy: setting({
    ...flag,
    kind: PLAIN_POLICY,
    doc: "Which upstream is next: round_robin, random, random_choose, least_conn, first, ip_hash, client_ip_hash or uri_hash",
    default: "round_robin",
  }),
  lb_retries: setting({
    ...own,
    kind: count(0, 1000),
    doc: "Attempts after the first; 0 is one for each further upstream",
    default: "0",
  }),
  lb_try_duration: setting({
    ...flag,
    kind: DURATION,
    doc: "So long after the request came it is tried again and again while no upstream takes it; 0 is off",
    default: "0",
  }),
  lb_try_interval: setting({
    ...own,
    kind: DURATION,
    doc: "Pause before all upstreams are tried again",
    default: "250ms",
  }),
  health_uri: setting({
    ...flag,
    kind: HEALTH_URI,
    doc: "Ask each upstream for this every 30s, and forward only to those that answer 2xx",
    default: undefined,
  }),
  health_port: setting({ ...own, kind: count(1, 65_535), doc: "Port that is asked instead", default: undefined }),
  health_interval: setting({ ...own, kind: DURATION, doc: "Time between two checks by health_uri", default: "30s" }),
  health_timeout: setting({ ...own, kind: DURATION, doc: "Time for one check by health_uri", default: "5s" }),
  health_passes: setting({
    ...own,
    kind: count(1, 1000),
    doc: "Good checks in a row that bring an upstream back",
    default: "1",
  }),
  health_fails: setting({ ...own, kind: count(1, 1000), doc: "Bad checks in a row that take it out", default: "1" }),
  health_status: setting({ ...own, kind: STATUS_PATTERN, doc: "Status of a good answer", default: "2xx" }),
  fail_duration: setting({
    ...flag,
    kind: DURATION,
    doc: "How long a failed request counts against its upstream, which others are preferred to; 0 is off",
    default: "0",
  }),
  max_fails: setting({
    ...own,
    kind: count(1, MOST),
    doc: "So many failures within fail_duration take an upstream out, unless it is the last",
    default: "1",
  }),
  unhealthy_latency: setting({
    ...own,
    kind: DURATION,
    doc: "With fail_duration: an answer that takes longer to begin is a failure; 0 is off",
    default: "0",
  }),
  unhealthy_request_count: setting({
    ...own,
    kind: count(0, MOST),
    doc: "With so many requests in flight an upstream gets no more while another has fewer; 0 is off",
    default: "0",
  }),
  max_conns_per_host: setting({
    ...own,
    kind: count(0, MOST),
    doc: "Most requests and WebSockets at once on one upstream; what is more waits. 0 is no limit",
    default: "0",
  }),
  max_queued: setting({
    ...own,
    kind: count(0, MOST),
    doc: "Most requests that wait for an upstream; what is more gets 503",
    default: "1000",
  }),
  queue_timeout: setting({ ...own, kind: DURATION, doc: "Longest wait for an upstream, past it 503", default: "5s" }),
  resolve_interval: setting({
    ...own,
    kind: DURATION,
    doc: "How often names are looked up again (default: 30s, 1m with dynamic, or a shorter TTL); 0 is once",
    default: undefined,
  }),
  resolvers: setting({
    ...own,
    kind: RESOLVER,
    doc: "DNS servers that are asked, in place of the system's resolver",
    default: undefined,
    repeat: true,
  }),
};
