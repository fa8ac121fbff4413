/** The origin where nginx is not installed. */
import { FILES, HELLO } from "../scenarios.ts";

const files = Object.entries(FILES).map(([path, bytes]) => [path, new Response(Buffer.alloc(bytes, "x"))] as const);
const [port, cert, key] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  ...(cert !== undefined && key !== undefined && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
  routes: { "/": new Response(HELLO), ...Object.fromEntries(files) },
});
