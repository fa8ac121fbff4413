import { ProxyError } from "../../core/errors.ts";
import { createHash, randomBytes } from "node:crypto";
import { hasToken } from "../../core/fields.ts";
import { acceptsDeflate, DEFLATE_OFFER, offersDeflate } from "./deflate.ts";

/** Fields of the handshake that belong to one connection, so each side has its own. */
const OWN_FIELDS = new Set([
  "host",
  "connection",
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  // Compression is agreed on with each side by itself.
  "sec-websocket-extensions",
  "content-length",
  "transfer-encoding",
]);

/** A fresh `Sec-WebSocket-Key` (RFC 6455 section 4.1). */
export function newKey(): string {
  return randomBytes(16).toString("base64");
}

/**
 * The bytes of an opening handshake (RFC 6455 section 4.1), with nothing in it that is not in `headers`.
 * Written here because every client built into Bun normalises the target, or adds fields of its own.
 */
export function handshakeRequest(target: string, headers: Headers, key: string): Buffer {
  let head = `GET ${target} HTTP/1.1\r\nHost: ${headers.get("host") ?? ""}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  head += `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
  if (offersDeflate(headers)) head += `Sec-WebSocket-Extensions: ${DEFLATE_OFFER}\r\n`;
  for (const [name, value] of headers) {
    if (!OWN_FIELDS.has(name)) head += `${spelling(name)}: ${value}\r\n`;
  }
  // Bun reads and writes field values as latin1, so bytes beyond ASCII go through as they came.
  return Buffer.from(`${head}\r\n`, "latin1");
}

/** As people write it, since small WebSocket servers compare names with case: `Sec-WebSocket-Protocol`. */
function spelling(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace("Websocket", "WebSocket");
}

/**
 * What is wrong with a 101 as the answer to `key` (RFC 6455 section 4.1, the client's list); undefined when it is
 * good. `request` is what `handshakeRequest` was given.
 */
export function faultOfSwitch(headers: Headers, key: string, request: Headers): string | undefined {
  if (!hasToken(headers.get("upgrade") ?? "", "websocket")) return "its 101 does not switch to websocket";
  if (!hasToken(headers.get("connection") ?? "", "upgrade")) return "its 101 has no Connection: Upgrade";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  if (headers.get("sec-websocket-accept") !== accept) return "its Sec-WebSocket-Accept is wrong";
  const extensions = headers.get("sec-websocket-extensions");
  if (extensions !== null && !(offersDeflate(request) && acceptsDeflate(extensions))) {
    return "it chose an extension that was not offered";
  }
  return undefined;
}

/**
 * What is wrong with a client's handshake, that no upstream could take it (RFC 6455 section 4.2.1): another version
 * than 13, or a bad key. Undefined when it is good. To be asked before the upstream is dialled.
 */
export function faultOfHandshake(headers: Headers): ProxyError | undefined {
  const version = headers.get("sec-websocket-version");
  if (version !== "13") return new ProxyError("websocket_version", `the WebSocket version is ${version ?? "not said"}`);
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    return new ProxyError("websocket_key", "the Sec-WebSocket-Key is not 16 bytes in base64");
  }
  return undefined;
}

/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
