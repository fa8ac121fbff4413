import { join } from "node:path";
import { nginxConfig, nginxVersion } from "./contenders/nginx.ts";
import { contentOf, FILES, HELLO, type OriginName } from "./scenarios.ts";

export interface OriginPlace {
  readonly port: number;
  readonly dir: string;
  readonly pem: { readonly cert: string; readonly key: string };
}

export interface Origin {
  readonly version: string;
  readonly command: readonly string[];
}

const PATHS = Object.keys(FILES) as (keyof typeof FILES)[];

/** What all contenders stand before. The static ones are nginx, or Bun where there is none. */
export async function origin(name: OriginName, place: OriginPlace): Promise<Origin> {
  const { port } = place;
  switch (name) {
    case "app":
      return { version: `Bun ${Bun.version}`, command: [process.execPath, program("app.ts"), String(port)] };
    case "article":
      // The runtime that everyone who built this has.
      return Bun.which("node") === null
        ? { version: `Bun ${Bun.version}`, command: [process.execPath, program("article.cjs"), String(port)] }
        : { version: "Node", command: ["node", program("article.cjs"), String(port)] };
    case "static":
    case "static-tls":
      return await staticOrigin(place, name === "static-tls");
    default:
      return name satisfies never;
  }
}

async function staticOrigin({ port, dir, pem }: OriginPlace, isTls: boolean): Promise<Origin> {
  const version = await nginxVersion();
  if (version === undefined) {
    const tls = isTls ? [pem.cert, pem.key] : [];
    return {
      version: `Bun ${Bun.version}`,
      command: [process.execPath, program("origin.ts"), String(port), ...tls],
    };
  }
  for (const path of PATHS) await Bun.write(join(dir, "html", path), contentOf(path));
  const listen = isTls
    ? `listen 127.0.0.1:${port} ssl; ssl_certificate ${pem.cert}; ssl_certificate_key ${pem.key};`
    : `listen 127.0.0.1:${port} backlog=4096;`;
  const server = `
    server {
      ${listen}
      root ${join(dir, "html")};
      location = / { return 200 "${HELLO}"; }
    }`;
  return { version, command: await nginxConfig(dir, server) };
}

function program(name: string): string {
  return join(import.meta.dir, "programs", name);
}
