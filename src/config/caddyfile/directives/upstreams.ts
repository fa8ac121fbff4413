import { parseUpstream } from "../../../core/address.ts";
import type { DocNode } from "../../document.ts";
import { wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { Token } from "../token.ts";

/** The upstreams that are named, as this project writes them. */
export interface UpstreamNodes {
  readonly nodes: readonly DocNode[];
  /** There is a choice between them. */
  readonly isSeveral: boolean;
}

/** Reads Caddy's addresses of upstreams; what is wrong with one in itself is said when it is decoded. */
export function upstreamsOf(targets: readonly Token[], report: Report): UpstreamNodes {
  const nodes: DocNode[] = [];
  let count = 0;
  let scheme: string | undefined;
  for (const target of targets) {
    const text = addressOf(target, report);
    if (text === undefined) continue;
    const own = /^(https?):\/\//.exec(text)?.[1] ?? "";
    if (nodes.length > 0 && own !== scheme) {
      report.error(target, "the upstreams of one reverse_proxy are all of one scheme (Caddy)", {
        expected: `${scheme === "" ? "no scheme" : `${scheme}://`}, as the first`,
      });
    }
    scheme ??= own;
    const parsed = parseUpstream(text);
    count += parsed.ok ? parsed.value.length : 1;
    nodes.push(wordNode(target, text));
  }
  return { nodes, isSeveral: count > 1 };
}

function addressOf(target: Token, report: Report): string | undefined {
  const { text } = target;
  if (/(?<!\\)\{/.test(text)) {
    return report.error(target, "an upstream with a placeholder is Caddy's, and not taken here", {
      expected: "a fixed address, such as 127.0.0.1:3000",
      help: "several reverse_proxy lines, each with its matcher, do the same",
    });
  }
  const other = /^(h2c:\/\/|srv\+|srv:\/\/|fd\/|fdgram\/|udp[46]?\/|unixgram\/|unix\+h2c\/|tcp[46]\/)/.exec(text)?.[1];
  if (other !== undefined) {
    const expected = "HTTP/1.1, or https:// with HTTP/2 by enable_h2";
    return report.error(target, `an upstream by ${other} is Caddy's, and not spoken here`, { expected });
  }
  const port = /^(http|https):\/\/[^/]*:(80|443)$/.exec(text);
  if (port !== null && (port[1] === "http") === (port[2] === "443")) {
    return report.error(target, `${port[1]}:// and port ${port[2]} contradict each other (Caddy)`, {
      expected: "the scheme of the port, or none",
    });
  }
  return text.replace(/^tcp\//, "");
}
