import type { RawConnection } from "../../helpers/raw.ts";
import { readBody, requestFraming } from "../../helpers/raw-head.ts";
import type { Serve } from "./faulty-origin.ts";

export const GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nGOOD";

/** Reads a whole request, answers with these bytes, and ends the connection. */
export function answering(bytes: string): Serve {
  return async (connection) => {
    await request(connection);
    connection.send(bytes);
    connection.end();
  };
}

/** The same, and then nothing more. */
export function answeringThenSilent(bytes: string): Serve {
  return async (connection) => {
    await request(connection);
    connection.send(bytes);
  };
}

/** The same, and then a reset, when the bytes are under way. */
export function answeringThenReset(bytes: string): Serve {
  return async (connection) => {
    await request(connection);
    connection.send(bytes);
    await Bun.sleep(50);
    connection.reset();
  };
}

/** Answers the first request of the first connection with these bytes and leaves it open; all others are answered well. */
export function firstThenGood(bytes: string): Serve {
  return async (connection, number) => {
    for (let asked = 1; ; asked++) {
      await request(connection);
      connection.send(number === 1 && asked === 1 ? bytes : GOOD);
    }
  };
}

/** Sends the first text at once and the second byte by byte. */
export function dripping(atOnce: string, slowly: string, pauseMs: number): Serve {
  return async (connection) => {
    await request(connection);
    connection.send(atOnce);
    for (const byte of slowly) {
      await Bun.sleep(pauseMs);
      if (connection.ending !== undefined) return;
      connection.send(byte);
    }
    connection.end();
  };
}

/** Reads a whole request; its head. */
export async function request(connection: RawConnection): Promise<void> {
  const head = await connection.head();
  await readBody(connection, head, requestFraming(head));
}
