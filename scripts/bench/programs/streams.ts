/** Event streams: `PORT CLIENTS SECONDS PER_SECOND`. Counts events and how long each took from its sending. Prints one JSON line. */
const [port, clients, seconds, perSecond] = process.argv.slice(2).map(Number) as [number, number, number, number];
const REQUEST = `GET /events?perSecond=${perSecond} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\nAccept: text/event-stream\r\n\r\n`;
const latencies: number[] = [];
let errors = 0;
let opened = 0;
let isCounting = false;

for (let i = 0; i < clients; i++) {
  let isOpen = false;
  await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => void socket.write(REQUEST),
      data(_socket, piece) {
        const now = performance.timeOrigin + performance.now();
        for (const [, sent] of piece.toString("latin1").matchAll(/data: (open|[\d.]+)\n/g)) {
          if (sent === "open" && !isOpen) {
            isOpen = true;
            opened++;
          } else if (isCounting) latencies.push(now - Number(sent));
        }
      },
      close: () => void errors++,
    },
  });
}
const deadline = performance.now() + 20_000;
while (opened < clients && performance.now() < deadline) await Bun.sleep(20);
errors += clients - opened;
isCounting = true;
const began = performance.now();
await Bun.sleep(seconds * 1000);
const took = (performance.now() - began) / 1000;
const sorted = latencies.toSorted((a, b) => a - b);
const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
const result = { units: sorted.length, seconds: took, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), errors };
console.log(JSON.stringify(result));
process.exit(0);
