# A WebSocket client by python3-websockets. Takes the address, prints what it saw as one JSON object.
import asyncio
import json
import sys

import websockets

LARGE = 3 * 1024 * 1024


async def main(url):
    seen = {}
    async with websockets.connect(url, subprotocols=["chat.v1", "chat.v2"], max_size=None) as socket:
        seen["subprotocol"] = socket.subprotocol
        await socket.send("text ünï")
        seen["text"] = await socket.recv()
        await socket.send(b"\x00\xff")
        seen["binary"] = list(await socket.recv())
        await socket.send("")
        seen["empty"] = await socket.recv()
        large = bytes(i % 251 for i in range(LARGE))
        await socket.send(large)
        seen["large"] = await socket.recv() == large
        for i in range(200):
            await socket.send(str(i))
        seen["order"] = [await socket.recv() for i in range(200)] == [str(i) for i in range(200)]
        await asyncio.wait_for(await socket.ping(b"payload"), 5)
        seen["pong"] = True
        await socket.close(4321, "client is done")
    async with websockets.connect(url) as socket:
        await socket.send("close 4002 server is done")
        await socket.wait_closed()
        seen["close"] = [socket.close_code, socket.close_reason]
    try:
        async with websockets.connect(url.replace("/up", "/elsewhere")):
            seen["refused"] = None
    except websockets.InvalidStatusCode as refusal:
        seen["refused"] = [refusal.status_code, refusal.headers.get("X-Why")]
    print(json.dumps(seen))


asyncio.run(main(sys.argv[1]))
