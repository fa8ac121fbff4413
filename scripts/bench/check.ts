import type { Scenario } from "./scenarios.ts";

/**
 * What is wrong with a contender's answer, as sentences; empty when it may be timed. Raw bytes, because
 * `fetch` would hide a Content-Length that is missing.
 */
export async function checkAnswer(scenario: Scenario, port: number): Promise<readonly string[]> {
  const host = scenario.headers.some((line) => line.startsWith("Host:")) ? [] : [`Host: 127.0.0.1:${port}`];
  const head = [`GET ${scenario.answer.path} HTTP/1.1`, ...host, ...scenario.headers];
  const received = await exchange(port, `${head.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  const text = received.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return [`no complete answer: ${JSON.stringify(text.slice(0, 200))}`];
  const lines = text.slice(0, end).split("\r\n");
  const wrong: string[] = [];
  if (!/^HTTP\/1\.1 200\b/.test(lines[0] ?? "")) wrong.push(`status line is ${JSON.stringify(lines[0])}`);
  const length = lines
    .find((line) => /^content-length:/i.test(line))
    ?.split(":")[1]
    ?.trim();
  if (length !== String(scenario.answer.bytes)) wrong.push(`Content-Length is ${length ?? "missing"}`);
  const body = received.length - end - 4;
  if (body !== scenario.answer.bytes) wrong.push(`body has ${body} bytes, not ${scenario.answer.bytes}`);
  return wrong;
}

async function exchange(port: number, request: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const pieces: Buffer[] = [];
  const timer = setTimeout(() => reject(new Error("no end of the answer within 5 s")), 5000);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (s) => void s.write(request),
      data: (_, piece) => void pieces.push(Buffer.from(piece)),
      close: () => resolve(Buffer.concat(pieces)),
      error: (_, error) => reject(error),
    },
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.end();
  }
}
