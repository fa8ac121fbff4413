/**
 * The bare floor: the least a proxy on Bun can do. Nothing is passed on, checked or logged; what a proxy
 * costs above this is what gatekeeper itself costs. WebSockets are joined without back-pressure, closes or pings.
 */
import { HOST } from "../setup.ts";

const [port, origin = "", downstream, cert = "", key = "", ca = ""] = process.argv.slice(2);
const speaksTls = downstream !== "plain";
const tls = origin.startsWith("https:") ? { tls: { ca: await Bun.file(ca).text(), serverName: HOST } } : undefined;

/** Two ends of a WebSocket. */
interface Joined {
  readonly upstream: WebSocket;
}

Bun.serve<Joined>({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 255,
  ...(speaksTls && { tls: { cert: Bun.file(cert), key: Bun.file(key) }, http2: downstream === "h2" }),
  fetch(request, server) {
    const target = request.url.slice(request.url.indexOf("/", "https://".length));
    if (request.headers.has("upgrade")) return join(request, server, target);
    return fetch(origin + target, {
      ...tls,
      decompress: false,
      ...(request.body !== null && { method: request.method, body: request.body }),
    });
  },
  websocket: {
    open(client) {
      client.data.upstream.onmessage = ({ data }) => client.send(data as string);
    },
    message: ({ data: { upstream } }, message) => upstream.send(message as string),
    close: ({ data: { upstream } }) => upstream.close(),
    perMessageDeflate: false,
    idleTimeout: 0,
  },
});

async function join(request: Request, server: Bun.Server<Joined>, target: string): Promise<Response | undefined> {
  const upstream = new WebSocket(`ws${origin.slice("http".length)}${target}`);
  upstream.binaryType = "nodebuffer";
  const { promise, resolve } = Promise.withResolvers<void>();
  upstream.onopen = () => resolve();
  await promise;
  return server.upgrade(request, { data: { upstream } }) ? undefined : new Response(null, { status: 500 });
}
