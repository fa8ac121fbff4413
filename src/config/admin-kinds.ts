import { parseListen, type ListenAddress } from "../core/address.ts";
import { parseAuthority } from "../core/host.ts";
import { nearest } from "../core/nearest.ts";
import { accept, refuse, type Parsed } from "../core/parsed.ts";
import type { AdminOrigin } from "./admin-model.ts";
import { kind } from "./kinds.ts";

/** Short ones can be guessed. */
const LEAST_TOKEN = 16;

export const ADMIN_LISTEN = kind(
  "ADDR",
  "text",
  ["an address to listen on, such as 127.0.0.1:2019 or unix//run/gatekeeper.sock, or off", "127.0.0.1:2019"],
  (text): Parsed<ListenAddress | "off"> => {
    if (text.toLowerCase() === "off") return accept("off");
    if (/^(?:none|no|false|disabled?)$/i.test(text)) return refuse("this is no address", "off");
    const parsed = parseListen(text);
    if (!parsed.ok) {
      const near = /^[a-z]+$/i.test(text) ? nearest(text, ["off"]) : undefined;
      return near === undefined ? parsed : refuse("this is no address", near);
    }
    const [address, second] = parsed.value;
    if (address === undefined || second !== undefined) return refuse("the admin listener has one port");
    return accept(address);
  },
);

export const ADMIN_TOKEN = kind(
  "TOKEN",
  "text",
  [
    `at least ${LEAST_TOKEN} letters, digits and signs without spaces, such as openssl rand -hex 32 prints`,
    "0123456789abcdef",
  ],
  (text): Parsed<string> => {
    if (!/^[\u0021-\u007e]*$/.test(text)) return refuse("it holds a space, or what is not ASCII");
    return text.length < LEAST_TOKEN ? refuse(`it has ${text.length} characters, and could be guessed`) : accept(text);
  },
  { isSecret: true },
);

export const ADMIN_ORIGIN = kind(
  "ORIGIN",
  "text",
  ["a host, with a scheme and a port or without, such as admin.example or https://admin.example:8443", "admin.example"],
  (text): Parsed<AdminOrigin> => {
    const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*?)\/?$/is.exec(text) ?? [];
    const authority = parseAuthority(rest);
    if (!authority.ok) return authority;
    const is = scheme?.toLowerCase();
    return accept({ scheme: is === "http" || is === "https" ? is : undefined, authority: authority.value });
  },
);
