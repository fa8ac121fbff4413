import { expect, test } from "bun:test";
import type { Config, RouteConfig } from "../../../src/config/model.ts";
import { changesBetween } from "../../../src/process/changes.ts";
import { listenerNames } from "../../../src/process/listener-names.ts";
import { configWith, reverseProxy } from "../../helpers/proxy.ts";

function route(name: string, ports: readonly number[], status = "200"): RouteConfig {
  const proxy = reverseProxy(ports.map((port) => ({ type: "tcp", host: "127.0.0.1", port, tls: false })));
  const inner: RouteConfig = { name: "in", match: [], handlers: [{ type: "proxy", proxy }], terminal: false };
  const answer = { type: "respond", status, body: "", close: false } as const;
  return { name, match: [], handlers: [{ type: "routes", routes: [inner] }, answer], terminal: false };
}

const configOf = (routes: readonly RouteConfig[]): Config => configWith({ upstreams: [], routes });

test("routes and upstreams are counted by their names, wherever they stand", () => {
  const before = configOf([route("a", [1, 2]), route("b", [2]), route("c", [3])]);
  const after = configOf([route("c", [3]), route("a", [1, 2], "404"), route("d", [4])]);
  expect(changesBetween(before, after)).toEqual({
    routes: { added: 1, removed: 1, changed: 1 },
    upstreams: { added: 1, removed: 0, changed: 0 },
  });
  const none = { added: 0, removed: 0, changed: 0 };
  expect(changesBetween(after, structuredClone(after))).toEqual({ routes: none, upstreams: none });
});

test("listeners are called by their addresses; port 0 may be there several times", () => {
  const [listener] = configOf([]).listeners;
  if (listener === undefined) throw new Error("no listener");
  const other = { ...listener, address: { type: "unix", path: "/run/a.sock" } as const };
  expect([...listenerNames([listener, other, listener, listener]).keys()]).toEqual([
    "127.0.0.1:0",
    "unix//run/a.sock",
    "127.0.0.1:0#2",
    "127.0.0.1:0#3",
  ]);
});
