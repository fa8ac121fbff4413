// The origin of the article: a Node http server that says `Hello World!`, with a WebSocket server on /up. The
// WebSocket server is Python's (its port is the first argument), so that neither end is ours; handshakes are
// handed to it as they came. Run by Node. Prints its own port.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";

const webSocketPort = Number(process.argv[2]);

const PAGE = `<!doctype html>
<title>the article's page</title>
<p id="socket"></p>
<p id="events"></p>
<script>
  const socket = new WebSocket(location.href.replace(/^http/, "ws").replace("/page", "/up"));
  socket.onopen = () => socket.send("from a browser");
  socket.onmessage = ({ data }) => {
    document.getElementById("socket").textContent = data;
    socket.close(4000, "seen");
  };
  const events = new EventSource("/events");
  events.onmessage = ({ data }) => {
    document.getElementById("events").textContent += data + " ";
  };
</script>`;

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://origin");
  if (pathname === "/page") {
    response.setHeader("Content-Type", "text/html").end(PAGE);
  } else if (pathname === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    let count = 0;
    const timer = setInterval(() => response.write(`data: ${++count}\n\n`), 20);
    response.on("close", () => clearInterval(timer));
  } else if (pathname === "/seen") {
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(request.rawHeaders));
  } else if (pathname === "/digest") {
    const hash = createHash("sha256");
    request.on("data", (piece) => hash.update(piece));
    request.on("end", () => response.end(hash.digest("hex")));
  } else if (pathname === "/length") {
    response.setHeader("Content-Length", 12).end("Hello World!");
  } else if (pathname === "/cookies") {
    response.writeHead(200, { "Set-Cookie": ["a=1; Path=/", "b=2, with a comma; Path=/"] }).end();
  } else {
    response.end("Hello World!");
  }
});

server.on("upgrade", (request, socket, head) => {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  }
  const upstream = connect(webSocketPort, "127.0.0.1", () => {
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) end.on("error", () => [socket, upstream].forEach((each) => each.destroy()));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
