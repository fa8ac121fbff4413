import { upstreamText } from "../config/describe.ts";
import { parseUpstream, resolveUpstream } from "../core/address.ts";
import { nearest } from "../core/nearest.ts";
import type { PeerStatus } from "../upstream/peer-status.ts";

/**
 * The names of peers, or of whole upstreams, that a text means: a peer's own name, or an address as a configuration would
 * write it, `:3000`, a range, with `https://` or without. None where nobody is called so.
 */
export function meantBy(text: string, peers: readonly PeerStatus[]): readonly string[] {
  const known = new Set(peers.flatMap(({ name, upstream }) => [upstream, name]));
  if (known.has(text)) return [text];
  const specs = parseUpstream(text);
  if (!specs.ok) return [];
  const names = specs.value.flatMap((spec) => [false, true].map((tls) => upstreamText(resolveUpstream(spec, tls))));
  return [...new Set(names)].filter((name) => known.has(name));
}

/** That nobody is called so, and who may have been meant. */
export function unknownPeer(text: string, peers: readonly PeerStatus[]) {
  const names = [...new Set(peers.flatMap(({ name, upstream }) => [upstream, name]))];
  // `:3000` is localhost's, and most likely that of 127.0.0.1 was meant.
  const port = /:\d+$/.exec(text)?.[0];
  const near = nearest(text, names) ?? names.find((name) => port !== undefined && name.endsWith(port));
  const help = near === undefined ? `the peers are: ${names.join(", ")}` : `did you mean ${near}?`;
  return { type: "refused", reason: `there is no peer ${text}`, help } as const;
}

/** What is drained after a command. An upstream that is only drained in part is so by the names of its peers. */
export function drainingAfter(
  draining: readonly string[],
  {
    peers,
    meant,
    on,
  }: { readonly peers: readonly PeerStatus[]; readonly meant: readonly string[]; readonly on: boolean },
): readonly string[] {
  if (on) return [...new Set([...draining, ...meant])];
  const single = draining.flatMap((each) => {
    const parts = peers.filter(({ name, upstream }) => upstream === each && name !== each);
    return parts.some(({ name }) => meant.includes(name)) ? parts.map(({ name }) => name) : [each];
  });
  const gone = new Set([...meant, ...peers.flatMap(({ name, upstream }) => (meant.includes(upstream) ? [name] : []))]);
  return single.filter((each) => !gone.has(each));
}
