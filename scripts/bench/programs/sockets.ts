/**
 * WebSocket load. `messages PORT CONNECTIONS SECONDS BYTES`: each connection sends a message when the one before has come
 * back, whole and the same; prints one JSON line. `idle PORT COUNT`: opens so many and says `open` when all are, then
 * stays until its standard input ends.
 */
const [what, ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);

function open(port: number): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  socket.binaryType = "nodebuffer";
  socket.onopen = () => resolve(socket);
  socket.onerror = () => reject(new Error("a WebSocket could not be opened"));
  return promise;
}

async function messages(port: number, connections: number, seconds: number, bytes: number): Promise<void> {
  const payload = Buffer.alloc(bytes, "x");
  const latencies: number[] = [];
  let errors = 0;
  let isCounting = false;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  for (const socket of sockets) {
    let sentAt = performance.now();
    socket.onmessage = ({ data }: MessageEvent<Buffer>) => {
      if (data.length !== bytes || data[0] !== payload[0] || data[bytes - 1] !== payload[0]) errors++;
      const now = performance.now();
      if (isCounting) latencies.push(now - sentAt);
      sentAt = now;
      socket.send(payload);
    };
    socket.onclose = () => void errors++;
    socket.send(payload);
  }
  await Bun.sleep(300);
  isCounting = true;
  const began = performance.now();
  await Bun.sleep(seconds * 1000);
  const took = (performance.now() - began) / 1000;
  isCounting = false;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
  const result = { units: sorted.length, seconds: took, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), errors };
  console.log(JSON.stringify(result));
}

async function idle(port: number, count: number): Promise<void> {
  const sockets: WebSocket[] = [];
  const AT_ONCE = 100;
  while (sockets.length < count) {
    const batch = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => open(port)))));
  }
  console.log("open");
  await new Response(Bun.stdin.stream()).text();
  const lost = sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN).length;
  console.log(JSON.stringify({ lost }));
}

const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
await (what === "idle" ? idle(first, second) : messages(first, second, third, fourth));
process.exit(0);
