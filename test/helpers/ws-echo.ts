// An echo of WebSocket messages in a process of its own, that can be killed. `bun ws-echo.ts PORT`, 0 for any; prints its port.
const server = Bun.serve<undefined>({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch: (request, of) => (of.upgrade(request, { data: undefined }) ? undefined : new Response("http")),
  websocket: { message: (socket, message) => void socket.send(message) },
});
console.log(server.port);
