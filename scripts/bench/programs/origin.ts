/** The origin where nginx is not installed. */
import { contentOf, FILES, HELLO } from "../scenarios.ts";

const paths = Object.keys(FILES) as (keyof typeof FILES)[];
const files = paths.map((path) => [path, new Response(contentOf(path))] as const);
const [port, cert, key] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  ...(cert !== undefined && key !== undefined && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
  routes: { "/": new Response(HELLO), ...Object.fromEntries(files) },
});
