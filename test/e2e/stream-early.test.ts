import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const EARLY = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig";
const PIECE = "x".repeat(1_000_000);
const CHUNK = `${PIECE.length.toString(16)}\r\n${PIECE}\r\n`;

describe.each(LANES)("an answer that comes before the upload has ended ($lane lane)", ({ fields }) => {
  describe.each([
    ["Content-Length: 4000000", [PIECE, PIECE, PIECE, PIECE]],
    ["Transfer-Encoding: chunked", [CHUNK, CHUNK, CHUNK, `${CHUNK}0\r\n\r\n`]],
  ] as const)("%s", (framing, pieces) => {
    test("is passed on, and the connection serves the next request after the rest of the body", async () => {
      await using origin = RawOrigin.start(({ connection, method }) => {
        connection.send(method === "POST" ? EARLY : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      client.send(requestText("POST", "/up", [...fields, framing], pieces[0]));
      const answer = await client.answer("POST");
      expect([answer.status, answer.body.toString()]).toEqual([413, "big"]);
      for (const piece of pieces.slice(1)) client.send(piece);
      client.send(requestText("GET", "/next", fields));
      const next = await client.answer();
      expect([next.status, next.body.toString()]).toEqual([200, "next"]);
      // The upload that was broken off had a connection of its own to the end.
      const upload = await origin.exchange();
      expect((await origin.exchange(2)).connection).not.toBe(upload.connection);
      await upload.connection.ended();
    });

    test("is passed on when the upstream closes behind it and reads no more", async () => {
      await using origin = RawOrigin.start(({ connection }) => {
        connection.pause();
        connection.send(EARLY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
        connection.end();
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      client.send(requestText("POST", "/up", [...fields, framing], pieces[0]));
      const answer = await client.answer("POST");
      expect([answer.status, answer.body.toString()]).toEqual([413, "big"]);
      for (const piece of pieces.slice(1)) client.send(piece);
      client.send(requestText("GET", "/next", fields));
      expect((await client.answer()).status).toBe(413);
    });
  });

  test("streams while the upload goes on: each piece is answered before the next is sent", async () => {
    await using origin = RawOrigin.start(async ({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n");
      for (let piece = await connection.chunk(); piece.length > 0; piece = await connection.chunk()) {
        connection.send(`${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`);
      }
      connection.send("0\r\n\r\n");
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, "Transfer-Encoding: chunked"]));
    await client.head();
    expect((await client.chunk()).toString()).toBe("ready");
    client.send("2\r\nhi\r\n");
    expect((await client.chunk()).toString()).toBe("hi");
    client.send("5\r\nthere\r\n");
    expect((await client.chunk()).toString()).toBe("there");
    client.send("0\r\n\r\n");
    expect((await client.chunk()).toString()).toBe("");
  });
});
