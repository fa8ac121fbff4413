import { Checksum, Payload } from "../payload.ts";

/**
 * What the proxy stands before. `/bytes` gives a payload, `/upload` says what it received and gives another one, `/events` is
 * an event stream of so many events, WebSockets are echoed, and `/stats` tells what is open here.
 */
const port = Number(process.argv[2]);
/** What was given whole has its Content-Length. */
const WHOLE_BYTES = 64 * 1024;
let requests = 0;
let webSockets = 0;

/** A body of pieces, counted as open until it was given or nobody wants it any more. */
function counted(pieces: Iterator<Uint8Array<ArrayBuffer>>, pauseMs: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOpen = true;
  requests++;
  const end = (): void => {
    if (isOpen) requests--;
    isOpen = false;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        if (pauseMs > 0) await Bun.sleep(pauseMs);
        const next = pieces.next();
        if (!isOpen) return;
        if (next.done !== true) return controller.enqueue(next.value);
        end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

function bytes({ searchParams: asked }: URL): Response {
  const payload = new Payload(Number(asked.get("seed")), Number(asked.get("length")));
  const isWhole = payload.length <= WHOLE_BYTES || asked.has("whole");
  const body = isWhole ? payload.bytes() : counted(payload.pieces(), Number(asked.get("pause") ?? 0));
  return new Response(body, { headers: { "Content-Type": "application/octet-stream" } });
}

async function upload(request: Request, { searchParams: asked }: URL): Promise<Response> {
  const received = new Checksum();
  requests++;
  try {
    if (request.body !== null) for await (const piece of request.body) received.add(piece);
  } finally {
    requests--;
  }
  const answer = new Payload(Number(asked.get("seed")), Number(asked.get("length")));
  const headers = {
    "Content-Type": "application/octet-stream",
    "X-Received-Bytes": String(received.bytes),
    "X-Received-Checksum": received.hex(),
  };
  return new Response(answer.bytes(), { headers });
}

function* eventTexts(count: number): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (let number = 0; number < count; number++) {
    yield encoder.encode(`id: ${number}\ndata: event ${number} of ${count}\n\n`);
  }
}

function events({ searchParams: asked }: URL): Response {
  const body = counted(eventTexts(Number(asked.get("count"))), Number(asked.get("pause")));
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

Bun.serve({
  hostname: "127.0.0.1",
  port,
  development: false,
  idleTimeout: 0,
  maxRequestBodySize: 1_000_000_000,
  async fetch(request, server) {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/ws") && server.upgrade(request)) return undefined;
    if (url.pathname.endsWith("/bytes")) return bytes(url);
    // One whose client breaks off is answered to nobody.
    if (url.pathname.endsWith("/upload"))
      return await upload(request, url).catch(() => new Response(null, { status: 400 }));
    if (url.pathname.endsWith("/events")) return events(url);
    return Response.json({ requests, webSockets });
  },
  websocket: {
    idleTimeout: 0,
    maxPayloadLength: 64_000_000,
    open: () => void webSockets++,
    close: () => void webSockets--,
    message: (socket, message) => void socket.send(message),
  },
});
