import type { X509Certificate } from "node:crypto";
import type { Given } from "./given.ts";
import type { Problem } from "./problem.ts";
import { readBytes } from "./read-file.ts";

/** A certificate chain with its key, as PEM texts. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  /** DNS names that the certificate is for, in small letters; `*` may be the first label. */
  readonly names: readonly string[];
}

export interface CertificateReading<T> {
  /** Undefined when a problem is an error. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
const EXPECTED_CERT = "a PEM file with -----BEGIN CERTIFICATE-----, the leaf first";
const EXPECTED_KEY = "a PEM file with -----BEGIN PRIVATE KEY----- that belongs to the certificate";
/** Every DER structure of interest begins with the tag of a SEQUENCE. */
const DER_SEQUENCE = 0x30;

/**
 * Reads a certificate chain and its key, and checks that they belong together. An expired certificate, or
 * one that is not valid yet at `now` (ms since the epoch), is a warning: it serves, and clients refuse it.
 */
export async function readKeyPair(
  certFile: Given<string>,
  keyFile: Given<string>,
  now: number,
): Promise<CertificateReading<KeyPair>> {
  const cert = readPem(certFile, EXPECTED_CERT, "x509");
  const key = readPem(keyFile, EXPECTED_KEY, "pkey");
  if (typeof cert !== "string" || typeof key !== "string") {
    return { value: undefined, problems: [cert, key].filter((each) => typeof each !== "string") };
  }
  const swapped = PRIVATE_KEY.test(cert) && key.match(CERTIFICATE) !== null && !PRIVATE_KEY.test(key);
  if (swapped) {
    const message = "this file holds the private key, and the other one the certificate";
    return { value: undefined, problems: [fault(certFile, message, EXPECTED_CERT, "swap the two files")] };
  }
  const chain = await readChain(certFile, cert);
  const { createPrivateKey } = await import("node:crypto");
  const problems = [...chain.problems];
  let privateKey: ReturnType<typeof createPrivateKey> | undefined;
  try {
    if (PRIVATE_KEY.test(key)) privateKey = createPrivateKey(key);
    else problems.push(fault(keyFile, "there is no private key in this file", EXPECTED_KEY));
  } catch {
    problems.push(keyFault(keyFile, key));
  }
  const leaf = chain.value?.[0];
  if (leaf === undefined || privateKey === undefined) return { value: undefined, problems };
  if (!leaf.checkPrivateKey(privateKey)) {
    const other = chain.value?.slice(1).some((each) => privateKey !== undefined && each.checkPrivateKey(privateKey));
    const help = other === true ? "put the leaf first in the file of the certificate" : undefined;
    const message = `this key does not belong to the certificate in ${certFile.value}`;
    problems.push(fault(keyFile, message, EXPECTED_KEY, help));
    return { value: undefined, problems };
  }
  problems.push(...validity(certFile, leaf, now));
  const value = { certFile: certFile.value, keyFile: keyFile.value, cert, key, names: namesOf(leaf) };
  return { value, problems };
}

/** Reads a file of roots to verify with. Gives its PEM text. */
export async function readRoots(file: Given<string>): Promise<CertificateReading<string>> {
  const expected = "a PEM file with one -----BEGIN CERTIFICATE----- or more";
  const text = readPem(file, expected, "x509");
  if (typeof text !== "string") return { value: undefined, problems: [text] };
  const chain = await readChain(file, text);
  return { value: chain.value === undefined ? undefined : text, problems: chain.problems };
}

async function readChain(file: Given<string>, text: string): Promise<CertificateReading<readonly X509Certificate[]>> {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    const what = PRIVATE_KEY.test(text) ? "this file holds a private key" : "there is no certificate in this file";
    return { value: undefined, problems: [fault(file, what, EXPECTED_CERT)] };
  }
  const { X509Certificate } = await import("node:crypto");
  const chain: X509Certificate[] = [];
  for (const [i, block] of blocks.entries()) {
    try {
      chain.push(new X509Certificate(block));
    } catch {
      const message = `certificate ${i + 1} of ${blocks.length} in this file cannot be read`;
      return { value: undefined, problems: [fault(file, message, EXPECTED_CERT)] };
    }
  }
  return { value: chain, problems: [] };
}

/** RFC 6125 6.4.4: the subject's common name counts only where there is no alternative name. */
function namesOf(leaf: X509Certificate): readonly string[] {
  const found = (leaf.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,"]+)/g);
  const names = [...found].map(([, name = ""]) => name.toLowerCase());
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return names.length > 0 || common === undefined ? names : [common.toLowerCase()];
}

function validity(file: Given<string>, leaf: X509Certificate, now: number): readonly Problem[] {
  const { validFrom, validTo } = leaf;
  const base = { severity: "warning", place: file.place, seen: file.value } as const;
  if (Date.parse(validTo) < now) return [{ ...base, message: `the certificate expired on ${day(validTo)}` }];
  if (Date.parse(validFrom) > now)
    return [{ ...base, message: `the certificate is valid only from ${day(validFrom)}` }];
  return [];
}

function day(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}

/** The text of a PEM file, or the problem with it. */
function readPem(file: Given<string>, expected: string, openssl: "x509" | "pkey"): string | Problem {
  const bytes = readBytes(file.value);
  if (!bytes.ok) return fault(file, bytes.fault, expected);
  if (bytes.value[0] === DER_SEQUENCE) {
    const help = `openssl ${openssl} -inform der -in ${file.value} -out ${file.value}.pem makes PEM of it`;
    return fault(file, "this file is in DER form", expected, help);
  }
  const text = new TextDecoder().decode(bytes.value);
  return text.includes("-----BEGIN ") ? text : fault(file, "this file is not PEM", expected);
}

function keyFault(file: Given<string>, text: string): Problem {
  if (!text.includes("ENCRYPTED")) return fault(file, "the private key in this file cannot be read", EXPECTED_KEY);
  const help = `openssl pkey -in ${file.value} -out plain.key takes the passphrase off`;
  return fault(file, "the private key is locked with a passphrase", EXPECTED_KEY, help);
}

function fault(file: Given<string>, message: string, expected: string, help?: string): Problem {
  const base = { severity: "error", place: file.place, message, seen: file.value, expected } as const;
  return help === undefined ? base : { ...base, help };
}
