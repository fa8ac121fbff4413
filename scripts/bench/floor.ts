/**
 * The bare floor: the least a proxy on Bun can do. Nothing is passed on, checked or logged; what a proxy
 * costs above this is what gatekeeper itself costs.
 */
const [port, origin] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch: (request) => fetch(origin + request.url.slice(request.url.indexOf("/", "http://".length))),
});
