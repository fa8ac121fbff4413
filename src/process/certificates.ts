import { X509Certificate } from "node:crypto";
import type { Config } from "../config/model.ts";
import type { LiveCertificate } from "../observe/live.ts";

/** The certificates that a configuration serves with, each file once. To be made when it is loaded: reading them takes long. */
export function certificatesOf({ listeners }: Config): readonly LiveCertificate[] {
  const byFile = new Map<string, LiveCertificate>();
  for (const { certFile, cert } of listeners.flatMap(({ tls }) => tls)) {
    if (byFile.has(certFile)) continue;
    // The leaf stands first. It was read once already, or there would be no configuration.
    const leaf = new X509Certificate(cert);
    byFile.set(certFile, { names: namesOf(leaf), file: certFile, notAfter: Date.parse(leaf.validTo) });
  }
  return [...byFile.values()];
}

function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const found = (subjectAltName ?? "").matchAll(/(?:^|, )(?:DNS|IP Address):([^,"]+)/g);
  const names = [...found].map(([, name = ""]) => name);
  const common = /^CN=(.+)$/m.exec(subject)?.[1];
  return names.length > 0 || common === undefined ? names : [common];
}
