import type { WebSocketConfig } from "../../config/model.ts";
import type { BridgeData } from "../bridge.ts";
import { deflatedAtMost } from "./deflate.ts";

/**
 * What `Bun.serve({ websocket })` is given; one for a listener. `maxMessageBytes` holds for every client of it,
 * so give the largest of its routes.
 */
export function bridgeHandler(config: Pick<WebSocketConfig, "maxMessageBytes">): Bun.WebSocketHandler<BridgeData> {
  return {
    // Bun counts a compressed message as it came (1.4.5); the bridge measures what it was.
    maxPayloadLength: deflatedAtMost(config.maxMessageBytes),
    // No limit of Bun's that drops a message or cuts an idle socket: back-pressure pauses the sender, and the
    // bridges' own sweep tells a dead socket from an idle one (Bun 1.4.5 defaults: 16 MB, and 120 s).
    backpressureLimit: 0,
    closeOnBackpressureLimit: false,
    idleTimeout: 0,
    sendPings: false,
    // One (de)compressor for all sockets, no context kept for each: RFC 7692 section 7.1.1.
    perMessageDeflate: { compress: "shared", decompress: "shared" },
    open: (client) => client.data.onClientOpen(client),
    message: (client, message) => client.data.onClientMessage(message),
    ping: (client, payload) => client.data.onClientPing(payload),
    pong: (client, payload) => client.data.onClientPong(payload),
    drain: (client) => client.data.onClientDrain(),
    close: (client, code, reason) => client.data.onClientClose(code, reason),
  };
}
