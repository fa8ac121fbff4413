/** An origin that answers WebSocket messages, counts uploads and sends events. */
const port = Number(process.argv[2]);
const encoder = new TextEncoder();

Bun.serve<undefined>({
  hostname: "127.0.0.1",
  port,
  idleTimeout: 255,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request, server) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/ws":
        return server.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 426 });
      case "/upload": {
        let bytes = 0;
        for await (const piece of request.body ?? []) bytes += piece.length;
        return new Response(String(bytes));
      }
      case "/events":
        server.timeout(request, 0);
        return events(1000 / Number(searchParams.get("perSecond") ?? 1));
      default:
        return new Response("ok");
    }
  },
  websocket: {
    message: (socket, message) => void socket.send(message),
    maxPayloadLength: 64 * 1024 * 1024,
    idleTimeout: 0,
    perMessageDeflate: false,
  },
});

/** Each event holds the time of its sending, by the clock that all processes share. */
function events(everyMs: number): Response {
  let timer: Timer;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode("data: open\n\n"));
      timer = setInterval(() => controller.enqueue(encoder.encode(`data: ${now()}\n\n`)), everyMs);
    },
    cancel() {
      clearInterval(timer);
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
