import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { listenText } from "../config/describe.ts";
import type { Config, ListenAddress, ListenerConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { portHolder } from "./port-holder.ts";

/** The first port that anyone may listen on, unless the system says otherwise. */
const FIRST_FREE_PORT = 1024;

/** Turns what Bun threw when it could not listen on an address into a problem, with what to do about it. */
export function bindProblem(address: ListenAddress, error: unknown): Problem {
  const text = listenText(address);
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  const reason = error instanceof Error ? error.message : String(error);
  const base = { severity: "error", place: { type: "listener", address: text } } as const;
  switch (code) {
    case "EADDRINUSE":
      return { ...base, message: "the address is in use already", help: whoHolds(address) };
    case "EACCES":
    case "EPERM":
      return { ...base, message: "this user may not listen there", help: howToGetAllowed(address) };
    case "EADDRNOTAVAIL":
      return { ...base, message: "the address is not one of this machine's", expected: EXPECTED, help: HOW_TO_FIND };
    case "ENOENT":
      return { ...base, message: "the folder of the socket does not exist" };
    default:
      return { ...base, message: `listening failed: ${reason}`, ...(code !== undefined && { seen: code }) };
  }
}

const EXPECTED = "an address of this machine, or 0.0.0.0 or nothing before the colon for all of them";
const HOW_TO_FIND = "`ip addr` lists this machine's addresses";

function whoHolds(address: ListenAddress): string {
  if (address.type === "unix") return "another program listens on the socket, or left the file behind: remove it then";
  const holder = portHolder(address.port);
  if (holder !== undefined) return `${holder} listens on port ${address.port}: stop it, or take another port`;
  return `\`ss -ltnp 'sport = :${address.port}'\` as root shows which program it is; stop it, or take another port`;
}

function howToGetAllowed(address: ListenAddress): string {
  if (address.type === "unix" || address.port >= FIRST_FREE_PORT) return "start it as a user who may";
  const port = "ports below 1024 need a right";
  return `${port}: \`sudo setcap cap_net_bind_service=+ep ${process.execPath}\` gives it, or take a higher port`;
}

/**
 * Finds listen addresses that another program holds, so that a start that is refused for another reason says this as
 * well. It listens on each for a moment, with nothing behind it.
 */
export function heldAddresses(listeners: readonly ListenerConfig[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const { address } of listeners) {
    if (address.type === "unix" || address.port === 0) continue;
    try {
      const { host: hostname, port } = address;
      Bun.listen({ hostname, port, exclusive: true, socket: { data() {} } }).stop(true);
    } catch (error) {
      problems.push(bindProblem(address, error));
    }
  }
  return problems;
}

/**
 * Finds listen addresses that are not this machine's, and sockets whose folder cannot be written to, without
 * listening: a UDP port that the system chooses tells whether the address is there.
 */
export async function unusableAddresses(config: Config): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { address } of config.listeners) {
    try {
      if (address.type === "unix") checkFolder(dirname(address.path));
      else (await Bun.udpSocket({ hostname: address.host, port: 0 })).close();
    } catch (error) {
      problems.push(bindProblem(address, error));
    }
  }
  return problems;
}

/** @throws the system's error, ENOENT or EACCES */
function checkFolder(path: string): void {
  if (!statSync(path).isDirectory()) throw Object.assign(new Error(`${path} is no folder`), { code: "ENOTDIR" });
  accessSync(path, constants.W_OK);
}
