/** The demo's page: a browser that opens it through the proxy tries HTTP, WebSocket and an event stream at once. */
export const DEMO_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gatekeeper demo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  dt { font-weight: 600; margin-top: 1rem; }
  dd { margin: 0; font-family: ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
<h1>It passes through</h1>
<p>This page, and all that it shows, came from the origin through gatekeeper.</p>
<dl>
  <dt>WebSocket echo</dt><dd id="socket">waiting</dd>
  <dt>Event stream</dt><dd id="events">waiting</dd>
  <dt>What the origin saw</dt><dd id="echo">waiting</dd>
</dl>
<script type="module">
  const show = (id, text) => { document.getElementById(id).textContent = text; };

  const socket = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
  socket.onopen = () => socket.send("sent by this page");
  socket.onmessage = ({ data }) => show("socket", data);
  socket.onclose = ({ code }) => show("socket", "closed with " + code);

  const events = new EventSource("/events");
  events.onmessage = ({ lastEventId, data }) => show("events", lastEventId + ": " + data);

  const answer = await fetch("/echo", { method: "POST", body: "posted by this page" });
  show("echo", JSON.stringify(await answer.json(), null, 2));
</script>
</html>
`;
