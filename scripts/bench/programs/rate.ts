/**
 * Sends requests by the clock, so many a second over kept connections, and counts each from when it was due: a proxy
 * that stalls is charged for all that should have been sent meanwhile (no coordinated omission). A request that is due
 * while every connection is busy waits for one. Prints one JSON line.
 */
const [port, perSecond, connections, seconds, bytes] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const REQUEST = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: Mozilla/5.0 bench\r\nAccept: */*\r\n\r\n`;
/** Time to fill every connection's path before anything counts. */
const WARM_MS = 500;

interface Connection {
  socket: Bun.Socket<Connection> | undefined;
  dueAt: number;
  received: string;
}

const idle: Connection[] = [];
const waiting: number[] = [];
const latencies: number[] = [];
let errors = 0;
let countFrom = Number.POSITIVE_INFINITY;
let inFlight = 0;

function send(connection: Connection, dueAt: number): void {
  connection.dueAt = dueAt;
  connection.received = "";
  inFlight++;
  if (connection.socket?.write(REQUEST) !== REQUEST.length) errors++;
}

function finish(connection: Connection): void {
  inFlight--;
  if (connection.dueAt >= countFrom) latencies.push(performance.now() - connection.dueAt);
  const next = waiting.shift();
  if (next === undefined) idle.push(connection);
  else send(connection, next);
}

function onData({ data: connection }: Bun.Socket<Connection>, piece: Buffer): void {
  connection.received += piece.toString("latin1");
  const end = connection.received.indexOf("\r\n\r\n");
  if (end < 0 || connection.received.length < end + 4 + bytes) return;
  if (!connection.received.startsWith("HTTP/1.1 200") || connection.received.length > end + 4 + bytes) errors++;
  finish(connection);
}

for (let i = 0; i < connections; i++) {
  const data: Connection = { socket: undefined, dueAt: 0, received: "" };
  data.socket = await Bun.connect<Connection>({
    hostname: "127.0.0.1",
    port,
    data,
    socket: { data: onData, close: () => void errors++, error: () => void errors++ },
  });
  idle.push(data);
}

const startAt = performance.now();
countFrom = startAt + WARM_MS;
const endAt = countFrom + seconds * 1000;
let sent = 0;
const { promise, resolve } = Promise.withResolvers<void>();
const timer = setInterval(() => {
  const now = performance.now();
  for (let dueAt = startAt + (sent * 1000) / perSecond; dueAt <= Math.min(now, endAt);) {
    const connection = idle.pop();
    if (connection === undefined) waiting.push(dueAt);
    else send(connection, dueAt);
    sent++;
    dueAt = startAt + (sent * 1000) / perSecond;
  }
  // What is late at the end is waited for: it is what this is about.
  if (now > endAt && ((inFlight === 0 && waiting.length === 0) || now > endAt + 5_000)) resolve();
}, 1);
await promise;
clearInterval(timer);
errors += inFlight + waiting.length;
const sorted = latencies.toSorted((a, b) => a - b);
const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
const result = { units: sorted.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), errors };
console.log(JSON.stringify(result));
process.exit(0);
