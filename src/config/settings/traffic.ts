import {
  AUTHORITY,
  CLIENT_IDLE,
  count,
  DURATION,
  FILE,
  LISTEN,
  MESSAGE_SIZE,
  NETWORKS,
  PATH_PREFIX,
  SECONDS,
  SERVER_NAME,
  SIZE,
  SWITCH,
  UPSTREAM,
  UPSTREAM_CLIENT,
} from "../kinds.ts";
import { setting } from "./setting.ts";

/** Where traffic comes in. */
export const LISTENING = {
  bind: setting({
    kind: LISTEN,
    doc: "Listen address; may be repeated",
    default: undefined,
    status: "effective",
    repeat: true,
    flag: { group: "Listening", older: ["ba"] },
  }),
  cert: setting({
    kind: FILE,
    doc: "Certificate chain of the listener (PEM); with --key it speaks TLS, HTTP/1.1 and HTTP/2",
    default: undefined,
    status: "effective",
    flag: { group: "Listening", older: ["cfp"] },
  }),
  key: setting({
    kind: FILE,
    doc: "Private key of --cert (PEM)",
    default: undefined,
    status: "effective",
    flag: { group: "Listening", older: ["kfp"] },
  }),
  trusted_proxies: setting({
    kind: NETWORKS,
    doc: "Networks whose X-Forwarded-* fields are believed; private_ranges is all private ones",
    default: undefined,
    status: "effective",
    repeat: true,
    flag: { group: "Listening" },
  }),
};

/** Where it goes. */
export const FORWARDING = {
  upstream: setting({
    kind: UPSTREAM,
    doc: "Upstream address; may be repeated: requests go to each in turn. Port 80 (443 with TLS) may be left out",
    default: undefined,
    status: "effective",
    repeat: true,
    flag: { group: "Forwarding", older: ["pa", "ua"] },
  }),
  cp: setting({
    kind: PATH_PREFIX,
    doc: "Context path: a request outside it gets 404. /up is whole segments, /up* a plain prefix",
    default: "/",
    status: "effective",
    flag: { group: "Forwarding" },
  }),
  host: setting({
    kind: AUTHORITY,
    doc: "Host sent upstream (default: the client's)",
    default: undefined,
    status: "effective",
    flag: { group: "Forwarding", older: ["rh"] },
  }),
  hc_freq: setting({
    kind: SECONDS,
    doc: "Seconds between active TCP health checks; 0 is off",
    default: "0",
    status: "effective",
    flag: { group: "Forwarding", older: ["hcf"] },
  }),
  idle_timeout: setting({
    kind: SECONDS,
    doc: "Seconds for which an idle upstream connection is kept; 0 is Bun's own 300",
    default: "0",
    status: "effective",
    flag: { group: "Forwarding" },
  }),
  upstream_client: setting({
    kind: UPSTREAM_CLIENT,
    doc: "HTTP/1.1 client for all but streamed uploads: exact (our own), or Bun's fetch where it changes nothing",
    default: "exact",
    status: "effective",
    flag: { group: "Forwarding" },
  }),
  max_retries: setting({
    kind: count(1, 1000),
    doc: "Attempts for one request in all, the first included",
    default: "16",
    status: "effective",
    flag: { group: "Forwarding" },
  }),
};

/** TLS towards the upstream. */
export const UPSTREAM_TLS = {
  tls: setting({
    kind: SWITCH,
    doc: "Speak TLS to the upstream; an https:// address does so too",
    default: "false",
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
  sni: setting({
    kind: SERVER_NAME,
    doc: "Name that is sent and verified (default: the upstream's host)",
    default: undefined,
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
  insecure: setting({
    kind: SWITCH,
    doc: "Accept any certificate of the upstream",
    default: "false",
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
  ca_file: setting({
    kind: FILE,
    doc: "Roots that the upstream is verified with, in place of the system's (PEM)",
    default: undefined,
    status: "effective",
    nullable: true,
    flag: { group: "TLS to the upstream" },
  }),
  client_cert: setting({
    kind: FILE,
    doc: "Certificate shown to the upstream (PEM)",
    default: undefined,
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
  client_key: setting({
    kind: FILE,
    doc: "Private key of --client-cert (PEM)",
    default: undefined,
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
  enable_h2: setting({
    kind: SWITCH,
    doc: "Offer HTTP/2 to a TLS upstream",
    default: "false",
    status: "effective",
    flag: { group: "TLS to the upstream" },
  }),
};

const limit = { status: "effective", flag: { group: "Limits" } } as const;

/** Times and sizes. No limit is on a request's whole time. */
export const LIMITS = {
  dial_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "To get a connection to the upstream; 0 is off",
    default: "3s",
  }),
  response_header_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "From when a request was sent to the head of its answer; 0 is off",
    default: "0",
  }),
  read_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "Between two pieces of an answer's body; 0 is off",
    default: "0",
  }),
  write_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "The upstream may take nothing of a request's body for so long; 0 is off",
    default: "0",
  }),
  client_idle_timeout: setting({
    ...limit,
    kind: CLIENT_IDLE,
    doc: "Silence of a client between requests, in whole seconds up to 255s; 0 is off",
    default: "255s",
  }),
  client_body_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "Silence of a client within a request's body while it is waited for, past it 408; 0 is off",
    default: "0",
  }),
  max_request_body: setting({
    ...limit,
    kind: SIZE,
    doc: "Largest request body, past it 413; 0 is no limit",
    default: "0",
  }),
  response_buffer: setting({
    ...limit,
    kind: SIZE,
    doc: "Answers of known length up to this are gathered and keep Content-Length",
    default: "1MiB",
  }),
  websocket_max_message: setting({
    ...limit,
    kind: MESSAGE_SIZE,
    doc: "Largest WebSocket message, past it both sides are closed with 1009",
    default: "64MiB",
  }),
  websocket_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "A WebSocket side without a sign of life for so long is taken for dead; 0 is off",
    default: "60s",
  }),
  websocket_handshake_timeout: setting({
    ...limit,
    kind: DURATION,
    doc: "From dialling to the upstream's 101, past it 504; 0 is off",
    default: "30s",
  }),
  stream_close_delay: setting({
    kind: DURATION,
    doc: "When a reload takes a route or upstream away, its WebSockets and event streams end one by one within this time",
    default: "10s",
    status: "effective",
  }),
};
