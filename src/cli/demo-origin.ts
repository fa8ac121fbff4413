import { DEMO_PAGE } from "./demo-page.ts";

const EVENT_INTERVAL_MS = 1000;
const SLOW_MS = 3000;
const MAX_SLOW_MS = 60_000;
const BREAK_AFTER_MS = 50;

/** An origin to stand before, inside this process. */
export interface DemoOrigin extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

interface SocketData {
  /** Sent as soon as the socket is open; "" for a plain echo. */
  readonly greeting: string;
}

/** Starts it on a loopback port that the system chooses. */
export function startDemoOrigin(): DemoOrigin {
  const host = "127.0.0.1";
  const server = Bun.serve<SocketData>({
    hostname: host,
    port: 0,
    idleTimeout: 0,
    development: false,
    // Bun 1.4.5 shares the port with other processes where `development` is false and this is not said.
    reusePort: false,
    fetch: answer,
    websocket: {
      open(socket) {
        if (socket.data.greeting !== "") socket.sendText(socket.data.greeting);
      },
      message(socket, message) {
        socket.send(message);
      },
    },
  });
  return {
    host,
    port: server.port ?? 0,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

function answer(request: Request, server: Bun.Server<SocketData>): Response | Promise<Response> | undefined {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/":
      return new Response(DEMO_PAGE, { headers: { "Content-Type": "text/html; charset=utf-8" } });
    case "/echo":
      return echo(request, url);
    case "/events":
      return new Response(events(), { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" } });
    case "/ws":
    case "/up": {
      const hello = url.searchParams.get("hello");
      const greeting = hello === null ? "" : `hello ${hello}`;
      if (server.upgrade(request, { data: { greeting } })) return undefined;
      return new Response("this is a WebSocket\n", { status: 426, headers: { Upgrade: "websocket" } });
    }
    case "/slow":
      return slow(url);
    case "/fail":
      return new Response("the origin failed, as asked\n", { status: 500 });
    case "/broken":
      return new Response(broken(), { headers: { "Content-Type": "text/plain" } });
    default:
      return new Response("there is no such path in the demo\n", { status: 404 });
  }
}

/** The request as it arrived here, so that what a proxy changed is seen. */
async function echo(request: Request, url: URL): Promise<Response> {
  const body = await request.text();
  const { method } = request;
  return Response.json({ method, target: url.pathname + url.search, headers: [...request.headers], body });
}

/** One event a second until the client goes. */
function events(): ReadableStream<string> {
  let timer: NodeJS.Timeout | undefined;
  let id = 0;
  return new ReadableStream({
    start(controller) {
      const send = (): void => controller.enqueue(`id: ${++id}\ndata: ${new Date().toISOString()}\n\n`);
      send();
      timer = setInterval(send, EVENT_INTERVAL_MS);
    },
    cancel() {
      clearInterval(timer);
    },
  });
}

async function slow(url: URL): Promise<Response> {
  const asked = Number(url.searchParams.get("ms") ?? SLOW_MS);
  const ms = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), MAX_SLOW_MS) : SLOW_MS;
  await Bun.sleep(ms);
  return new Response(`after ${ms} ms\n`);
}

/** Sends the beginning of a body and breaks the connection. */
function broken(): ReadableStream<string> {
  return new ReadableStream({
    async start(controller) {
      controller.enqueue("the rest of this is mis");
      await Bun.sleep(BREAK_AFTER_MS);
      // Without a reason: Bun.serve prints one with its stack on the terminal (Bun 1.4.5).
      controller.error();
    },
  });
}
