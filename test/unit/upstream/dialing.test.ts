import { expect, test } from "bun:test";
import { dialingInodes } from "../../../src/upstream/dialing.ts";

const TABLE = [
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 0100007F:9C5A 0100007F:1F90 02 00000001:00000000 01:00000062 00000001     0        0 1001 2 0000 800 0 0 1 7 -1",
  "   1: 0100007F:9C5B 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1002 1 0000 20 4 30 10 -1",
  "   2: 0200000A:9C5C 0300000A:1F90 02 00000001:00000000 01:00000062 00000001     0        0 1003 2 0000 800 0 0 1 7 -1",
  "   3: 0100007F:9C5D 0100007F:1F91 02 00000001:00000000 01:00000062 00000001     0        0 1004 2 0000 800 0 0 1 7 -1",
].join("\n");

test("finds the sockets that are being connected to an address, and no others", () => {
  expect(dialingInodes(TABLE, { host: "127.0.0.1", port: 8080 })).toEqual(["1001"]);
  expect(dialingInodes(TABLE, { host: "10.0.0.3", port: 8080 })).toEqual(["1003"]);
  expect(dialingInodes(TABLE, { host: "10.0.0.4", port: 8080 })).toEqual([]);
});

test("goes by the port alone where the address is a name", () => {
  expect(dialingInodes(TABLE, { host: "origin.test", port: 8080 })).toEqual(["1001", "1003"]);
});
