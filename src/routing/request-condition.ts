import { compileTrustedProxies, isTrusted } from "../core/trust.ts";
import { type Condition, listed } from "./condition.ts";

/** `method`: as it is sent, in capital letters. */
export function compileMethods(methods: readonly string[]): Condition {
  return {
    label: `method ${listed(methods)}`,
    readsPath: false,
    matches: ({ method }) => methods.includes(method),
    reason: ({ method }) => `the method ${method} is not ${listed(methods)}`,
  };
}

/** `remote_ip` and `client_ip`. What is no address, as on a unix socket, is in no range. */
export function compileAddress(type: "remote_ip" | "client_ip", ranges: readonly string[]): Condition {
  const networks = compileTrustedProxies(ranges);
  const whose = type === "remote_ip" ? "remote" : "client's";
  const wanted = listed(ranges);
  return {
    label: `${type} ${wanted}`,
    readsPath: false,
    matches: (facts) => isTrusted(networks, type === "remote_ip" ? facts.remoteAddress : facts.clientAddress),
    reason(facts) {
      const address = type === "remote_ip" ? facts.remoteAddress : facts.clientAddress;
      return address === "" ? `there is no ${whose} address` : `the ${whose} address ${address} is not in ${wanted}`;
    },
  };
}

export function compileProtocol(protocol: "http" | "https" | "websocket"): Condition {
  switch (protocol) {
    case "http":
      return {
        label: "protocol http",
        readsPath: false,
        matches: ({ secure }) => !secure,
        reason: () => "it came over TLS, not plain HTTP",
      };
    case "https":
      return {
        label: "protocol https",
        readsPath: false,
        matches: ({ secure }) => secure,
        reason: () => "it came over plain HTTP, not TLS",
      };
    case "websocket":
      return {
        label: "protocol websocket",
        readsPath: false,
        matches: ({ isUpgrade }) => isUpgrade,
        reason: () => "it is no WebSocket handshake",
      };
    default:
      return protocol satisfies never;
  }
}
