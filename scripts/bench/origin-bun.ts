/** The origin where nginx is not installed. */
import { ANSWERS, HELLO } from "./scenarios.ts";

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  routes: {
    [ANSWERS.hello.path]: new Response(HELLO),
    [ANSWERS["100k"].path]: new Response(Buffer.alloc(ANSWERS["100k"].bytes, "x")),
  },
});
