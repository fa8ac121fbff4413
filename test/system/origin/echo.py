# A WebSocket server by python3-websockets: echoes, and closes as it is told to by "close CODE REASON". A path other
# than /up is refused with 403. Prints its port; what it saw of each socket's end goes to standard output too.
import asyncio
import http

import websockets


async def refuse_other_paths(path, headers):
    if not path.startswith("/up"):
        return http.HTTPStatus.FORBIDDEN, [("X-Why", "only /up")], b"not here\n"


async def echo(socket):
    try:
        async for message in socket:
            if isinstance(message, str) and message.startswith("close "):
                _, code, reason = message.split(" ", 2)
                await socket.close(int(code), reason)
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    print(f"closed {socket.close_code} {socket.close_reason}", flush=True)


async def main():
    options = {"max_size": None, "subprotocols": ["chat.v2"], "process_request": refuse_other_paths}
    async with websockets.serve(echo, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
