// Runs the proxy under test in a process of its own, so that its memory can be told: `bun ws-proxy-process.ts PORT`.
import { local, startWebSocketProxy } from "./ws-proxy.ts";

const proxy = startWebSocketProxy({ upstream: local(Number(process.argv[2])) });
process.stdout.write(`${proxy.port}\n`);
