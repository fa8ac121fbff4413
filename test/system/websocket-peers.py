"""Two ends that nobody here wrote (python3-websockets): `serve` prints its port; `talk PORT` tries the server through it."""

import asyncio
import sys

import websockets
from websockets.exceptions import ConnectionClosed


async def echo(socket):
    async for message in socket:
        if message == "close me":
            await socket.close(4321, "as you wish")
            return
        if message == "break off":
            socket.transport.abort()
            return
        if message == "ping me":
            waiter = await socket.ping(b"from the server")
            await waiter
            message = "you answered"
        await socket.send(message)


async def serve():
    # Compression and keep-alive pings are on by default; the pings come often here.
    options = dict(subprotocols=["v1"], max_size=2**27, ping_interval=0.05, ping_timeout=5)
    async with websockets.serve(echo, "127.0.0.1", 0, **options) as served:
        print(served.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


def connect(port):
    return websockets.connect(
        f"ws://127.0.0.1:{port}/up?x=1",
        subprotocols=["v2", "v1"],
        max_size=2**27,
        ping_interval=0.05,
        ping_timeout=5,
    )


async def talk(port):
    async with connect(port) as socket:
        assert socket.subprotocol == "v1", socket.subprotocol
        for message in ["", "text é 漢 😀", b"", bytes(range(256)) * 5, "x" * 10_000_000, b"y" * 20_000_000]:
            await socket.send(message)
            back = await socket.recv()
            assert type(back) is type(message) and back == message, (type(back), len(back))
        await socket.send(["in ", "three ", "fragments"])
        assert await socket.recv() == "in three fragments"
        for number in range(2000):
            await socket.send(str(number))
        for number in range(2000):
            assert await socket.recv() == str(number)
        await (await socket.ping(b"from the client"))
        await socket.send("ping me")
        assert await socket.recv() == "you answered"
        # Idle, but for the pings of both ends.
        await asyncio.sleep(0.5)
        await socket.send("close me")
        try:
            await socket.recv()
            raise AssertionError("not closed")
        except ConnectionClosed as closed:
            assert (closed.rcvd.code, closed.rcvd.reason) == (4321, "as you wish"), closed
    async with connect(port) as socket:
        await socket.send("break off")
        try:
            await socket.recv()
            raise AssertionError("not closed")
        except ConnectionClosed as closed:
            assert closed.rcvd is None, closed
    async with connect(port) as socket:
        await socket.close(1001, "leaving")
    print("all good", flush=True)


asyncio.run(serve() if sys.argv[1] == "serve" else talk(int(sys.argv[2])))
