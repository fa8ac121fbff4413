import type { PeerStatus } from "../upstream/peer-status.ts";
import { columns } from "./columns.ts";

/** How every peer does, a line for each after the head. */
export function peerTable(peers: readonly PeerStatus[]): readonly string[] {
  const rows = peers.map(({ name, isUp, isSuspect, isDraining, inFlight }) => {
    const state = [
      ...(isUp ? (isSuspect ? ["suspect"] : []) : ["down"]),
      ...(isDraining ? [inFlight > 0 ? "draining" : "drained"] : []),
    ].join(", ");
    return [name, state || "up", String(inFlight)];
  });
  return columns(["PEER", "STATE", "OPEN"], rows);
}
