import type { PeerStatus } from "../upstream/peer-status.ts";
import type { Invocation } from "./argv.ts";
import { control } from "./control-command.ts";
import { print } from "./output.ts";
import { peerTable } from "./peer-table.ts";

/** `drain [ADDR]` and `undrain ADDR`. Gives the exit code. */
export async function drain(invocation: Invocation, on: boolean): Promise<number> {
  const [peer] = invocation.words;
  const result = await control(invocation, { type: "drain", on, ...(peer !== undefined && { peer }) });
  if (typeof result === "number") return result;
  if (result.type !== "peers") return 0;
  const { peers, stranded } = result;
  const lines = [
    ...(peer === undefined ? peerTable(peers) : peers.map((each) => changeText(each, on))),
    ...stranded.map((route) => `every peer of ${route} is drained: its requests are answered 503`),
  ];
  print(`${lines.join("\n")}\n`);
  return 0;
}

function changeText({ name, isUp, inFlight }: PeerStatus, on: boolean): string {
  if (!on) return `${name} gets new requests again${isUp ? "" : " once it is up"}`;
  const open = inFlight === 0 ? "nothing is open on it" : `${inFlight} still open on it may finish`;
  return `${name} gets no new requests; ${open}`;
}
