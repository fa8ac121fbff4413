import { cpSync } from "node:fs";
import { join } from "node:path";
import { startBinary, temporaryFolder } from "../../helpers/binary.ts";
import { makeAuthority, makeCertificate } from "../../helpers/certificates.ts";
import { refusingPort } from "../../helpers/raw-origin.ts";
import { required, serve } from "../programs.ts";
import { type Case, forOlderCaddy, IMPORTED } from "./cases.ts";
import { Client } from "./client.ts";
import { type Facts, factsOf, type Rename } from "./facts.ts";
import { RecordingOrigin } from "./recording-origin.ts";
import type { Wire } from "./wire.ts";

/** Ports that a file may name as `{$PORT}`. */
const PORTS = ["PORT", "PORT_2", "PORT_3", "TLS_PORT", "TLS_PORT_2"] as const;

const AUTHORITY = makeAuthority();

/** Certificates that a file may name as `{$FOLDER}/a.pem` and `a.key`, made for the run. */
const CERTIFICATES = {
  a: makeCertificate({ names: ["a.example"], by: AUTHORITY }),
  b: makeCertificate({ names: ["b.example", "www.b.example"], by: AUTHORITY }),
  wild: makeCertificate({ names: ["*.wild.example"], by: AUTHORITY }),
} as const;

const ORIGIN_TLS = makeCertificate({ names: ["origin.example"], by: AUTHORITY });

/** Origins that a file may name as `{$ORIGIN}`, with how they speak TLS. The last one wants to see a certificate. */
const ORIGINS = {
  ORIGIN: undefined,
  ORIGIN_2: undefined,
  TLS_ORIGIN: ORIGIN_TLS,
  STRICT_ORIGIN: { ...ORIGIN_TLS, ca: AUTHORITY.cert, requestCert: true, rejectUnauthorized: true },
} as const;

export type ProxyName = "caddy" | "gatekeeper";

/** One proxy that serves a case, with origins of its own. */
export interface Side extends AsyncDisposable {
  ask(wire: Wire): Promise<Facts>;
}

/** Starts it on ports that were free a moment ago; where one is taken in between, on others. */
export async function startSide(proxy: ProxyName, one: Case, attempts = 3): Promise<Side> {
  try {
    return await start(proxy, one);
  } catch (error) {
    if (attempts === 1 || !/in use/i.test(String(error))) throw error;
    return startSide(proxy, one, attempts - 1);
  }
}

async function start(proxy: ProxyName, { caddyfile, name }: Case): Promise<Side> {
  await using stack = new AsyncDisposableStack();
  let client: Client | undefined;
  const seenByClient = (bytes: string) => client?.sees(bytes) ?? Promise.resolve();
  // Held while both sides choose theirs: a proxy and an origin may listen on one port without an error (SO_REUSEPORT).
  const held = PORTS.map(
    (port) => [port, Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })] as const,
  );
  const origins = new Map(
    Object.entries(ORIGINS).map(([origin, tls]) => [origin, stack.use(new RecordingOrigin({ tls, seenByClient }))]),
  );
  const ports = new Map<string, number>(held.map(([port, { port: number }]) => [port, number]));
  const folder = stack.use(temporaryFolder()).path;
  await writeCertificates(folder);
  cpSync(IMPORTED, join(folder, "imported"), { recursive: true });
  const dead = refusingPort();
  const originPort = origins.get("ORIGIN")?.port ?? 0;
  const env: Environment = {
    ...Object.fromEntries([...ports].map(([port, number]) => [port, String(number)])),
    ...Object.fromEntries([...origins].map(([origin, { port }]) => [origin, `127.0.0.1:${port}`])),
    ORIGIN_PORT: String(originPort),
    DEAD: `127.0.0.1:${dead}`,
    FOLDER: folder,
  };
  const text = caddyfile
    // The article's file stands as it is in the article, and so with its ports.
    .replaceAll(":8008", `:${ports.get("PORT")}`)
    .replaceAll(":3000", `:${originPort}`);
  await Bun.write(join(folder, "Caddyfile"), proxy === "caddy" ? forOlderCaddy(text) : text);
  const used = PORTS.filter((port) => text.includes(`{$${port}}`) || (port === "PORT" && caddyfile.includes(":8008")));
  for (const [, listener] of held) listener.stop(true);
  const running = proxy === "caddy" ? await startCaddy(stack, folder, env) : await startGatekeeper(stack, folder, env);
  for (const port of used) await accepts(ports.get(port) ?? 0, running, `${proxy} on ${name}.caddyfile`);

  const numbers: readonly (readonly [number, string])[] = [
    ...[...ports].map(([port, number]) => [number, `<${port}>`] as const),
    ...[...origins].map(([origin, { port }]) => [port, `<${origin}>`] as const),
    [dead, "<DEAD>"],
  ];
  const owned = stack.move();
  return {
    async ask(wire) {
      using asking = await Client.connect(ports.get(wire.port) ?? 0, wire.tls);
      client = asking;
      const answer = await asking.ask(wire);
      const received = new Map([...origins].map(([origin, recording]) => [origin, recording.receivedFor(wire.ask)]));
      return factsOf(answer, received, renaming([...numbers, [asking.localPort, "<CLIENT>"]]));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function renaming(numbers: readonly (readonly [number, string])[]): Rename {
  const names = new Map(numbers.map(([number, name]) => [String(number), name]));
  return (text) => text.replaceAll(/\b\d{4,5}\b/g, (digits) => names.get(digits) ?? digits);
}

async function writeCertificates(folder: string): Promise<void> {
  await Bun.write(join(folder, "authority.pem"), AUTHORITY.cert);
  for (const [file, { cert, key }] of Object.entries(CERTIFICATES)) {
    await Bun.write(join(folder, `${file}.pem`), cert);
    await Bun.write(join(folder, `${file}.key`), key);
  }
}

type Environment = Readonly<Record<string, string>>;

interface Running {
  /** Rejects when the program ends. */
  readonly ended: Promise<never>;
}

async function startCaddy(stack: AsyncDisposableStack, folder: string, env: Environment): Promise<Running> {
  // Its admin API and all it writes stay in the folder, whatever the file under test says.
  const admin = `unix/${join(folder, "admin.sock")}`;
  const home = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, CADDY_ADMIN: admin };
  // It logs to standard error; only that is of interest here.
  const command = `exec "$0" run --config "$1" --adapter caddyfile 2>&1`;
  const caddy = stack.use(
    serve(["sh", "-c", command, required("caddy"), join(folder, "Caddyfile")], { ...env, ...home }),
  );
  const withLog = (error: unknown): never => {
    throw new Error(`${error}\n${caddy.lines.join("\n")}`);
  };
  await caddy.line(/serving initial configuration/).catch(withLog);
  // No line is like that, so that only its end ends the wait.
  const ended = caddy.line(/^(?!)/).then((line) => withLog(line), withLog);
  return { ended };
}

async function startGatekeeper(stack: AsyncDisposableStack, folder: string, env: Environment): Promise<Running> {
  const args = ["run", "--config", join(folder, "Caddyfile")];
  const run = stack.use(await startBinary(args, { cwd: folder, env }));
  const ended = run.exited().then(({ code, stdout, stderr }): never => {
    throw new Error(`gatekeeper ended with ${code}:\n${stdout}${stderr}`);
  });
  await Promise.race([run.seen(/listening/i), ended]);
  return { ended };
}

/** Waits until a port accepts connections. */
async function accepts(port: number, { ended }: Running, who: string): Promise<void> {
  ended.catch(() => {});
  const deadline = Date.now() + 10_000;
  for (;;) {
    const probe = Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {}, connectError() {} } });
    const socket = await Promise.race([probe.catch(() => undefined), ended]);
    socket?.terminate();
    if (socket !== undefined) return;
    if (Date.now() > deadline) throw new Error(`${who}: nothing accepts on port ${port}`);
    await Promise.race([Bun.sleep(10), ended]);
  }
}
