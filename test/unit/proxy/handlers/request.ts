import { compileTrustedProxies } from "../../../../src/core/trust.ts";
import { admit } from "../../../../src/proxy/admit.ts";
import { GatewayCtx, type GatewaySession } from "../../../../src/proxy/gateway-ctx.ts";

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly secure?: boolean;
  readonly remote?: string;
  readonly trusted?: readonly string[];
}

/** A request as a gateway's handlers get it. */
export function sessionFor(target: string, options: RequestOptions = {}): GatewaySession {
  const headers = new Headers(options.headers);
  if (!headers.has("host")) headers.set("host", "www.a.example:81");
  const request = new Request(`http://h${target}`, { method: options.method ?? "GET", headers });
  const server = {
    requestIP: () => ({ address: options.remote ?? "192.0.2.9", port: 4711, family: "IPv4" }),
    timeout() {},
  };
  const session = admit<GatewayCtx>(
    request,
    {
      name: ":80",
      server: server as unknown as Bun.Server<unknown>,
      secure: options.secure ?? false,
      http2: false,
      http3: false,
      idleTimeoutSeconds: 0,
      bodyTimeoutMs: 0,
      maxRequestBodyBytes: 0,
      trusted: compileTrustedProxies(options.trusted ?? []),
      departure: { isNear: false },
    },
    { newCtx: () => new GatewayCtx() },
  );
  return session;
}
