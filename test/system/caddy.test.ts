import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../helpers/binary.ts";
import { pythonWithWebsockets, required, run } from "./programs.ts";
import { PROXIES, startSetting, type Setting } from "./setting.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

const CLIENT = join(import.meta.dir, "origin/client.py");
const UPLOAD_BYTES = 20_000_000;

async function curl(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([required("curl"), "-sS", "-m", "20", ...args]);
  if (code !== 0) throw new Error(`curl ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Header lines of a `curl -i` answer by lower-case name. */
function headersOf(answer: string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of answer.split("\r\n\r\n")[0]?.split("\r\n").slice(1) ?? []) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(":") + 1).trim()]);
  }
  return headers;
}

// Caddy takes the same tests: where it holds, whoever put gatekeeper into its place can go on as before.
describe.each(PROXIES)("the article's set-up behind %s", (proxy) => {
  let setting: Setting;
  let url: string;
  beforeAll(async () => {
    setting = await startSetting(proxy);
    url = `http://${setting.address}`;
  });
  afterAll(() => setting[Symbol.asyncDispose]());

  test("curl gets Hello World! with its length", async () => {
    const answer = await curl("-i", `${url}/`);
    expect(answer).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(answer).toEndWith("\r\n\r\nHello World!");
    expect(headersOf(answer).get("content-length")).toEqual(["12"]);
    // Caddy makes one up from the body.
    if (proxy === "gatekeeper") expect(headersOf(answer).has("content-type")).toBe(false);
  });

  test("curl's HEAD has the length the origin names, and none where it names none", async () => {
    expect(headersOf(await curl("-I", `${url}/length`)).get("content-length")).toEqual(["12"]);
    expect(headersOf(await curl("-I", `${url}/`)).get("content-length")).toBeUndefined();
  });

  test("two cookies stay two", async () => {
    const answer = await curl("-i", `${url}/cookies`);
    expect(headersOf(answer).get("set-cookie")).toEqual(["a=1; Path=/", "b=2, with a comma; Path=/"]);
  });

  test("an upload of known length and a chunked one arrive whole", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "upload");
    const bytes = Buffer.alloc(UPLOAD_BYTES, "0123456789abcdef!");
    await Bun.write(file, bytes);
    const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(await curl("--data-binary", `@${file}`, `${url}/digest`)).toBe(digest);
    expect(await curl("-H", "Transfer-Encoding: chunked", "-T", file, `${url}/digest`)).toBe(digest);
  });

  test("the origin sees the client's fields and the proxy's", async () => {
    const answer = await curl("-H", "X-Own: 1", "-A", "an agent", "-H", "Connection: close, X-Hop", `${url}/seen`);
    const raw = JSON.parse(answer) as string[];
    const seen = new Map(raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ""]] : [])));
    expect(seen.get("host")).toBe(setting.address);
    expect(seen.get("user-agent")).toBe("an agent");
    expect(seen.get("x-own")).toBe("1");
    expect(seen.get("x-forwarded-for")).toBe("127.0.0.1");
    expect(seen.get("x-forwarded-proto")).toBe("http");
    expect(seen.get("x-forwarded-host")).toBe(setting.address);
    // Caddy 2.6.2 asks for gzip where the client did not.
    if (proxy === "gatekeeper") expect(seen.has("accept-encoding")).toBe(false);
  });

  test("events come one by one", async () => {
    // Stopped by curl's own limit: the stream has no end.
    const { stdout } = await run([required("curl"), "-sSN", "-m", "1", `${url}/events`]);
    expect(stdout).toStartWith("data: 1\n\ndata: 2\n\n");
  });

  test("wrk sees no failed request", async () => {
    const { code, stdout } = await run([required("wrk"), "-t", "1", "-c", "50", "-d", "2s", `${url}/`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Requests\/sec: +[1-9]/);
    expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
  });

  test("hey gets 200 for every one of 2,000 requests on 50 connections", async () => {
    const { stdout } = await run([required("hey"), "-n", "2000", "-c", "50", `${url}/`]);
    expect(stdout).toMatch(/\[200\]\s+2000 responses/);
    expect(stdout).not.toContain("Error distribution");
  });

  test("Python's WebSocket client sees what the server did", async () => {
    const { code, stdout, stderr } = await run([await pythonWithWebsockets(), CLIENT, `ws://${setting.address}/up`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      subprotocol: "chat.v2",
      text: "text ünï",
      binary: [0, 255],
      empty: "",
      large: true,
      order: true,
      pong: true,
      close: [4002, "server is done"],
      refused: [403, "only /up"],
    });
    await setting.webSocketServer.line(/^closed 4321 client is done$/);
  });
});
