import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** DNS names and IP addresses it is good for. */
  readonly names: readonly string[];
  /** Signed by this authority; without it by itself. */
  readonly by?: Authority;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Signs certificates; its own is the root to trust. */
export interface Authority extends Certificate {
  readonly name: string;
}

const DAY_MS = 86_400_000;

/** A root for one test run: no key of it is ever stored. */
export function makeAuthority(name = "Test authority"): Authority {
  return { name, ...issue(name, name, undefined, [constraints(true)], {}) };
}

/** A certificate for a server or a client. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const subject = options.names[0] ?? "nobody";
  const extensions = [constraints(options.by === undefined), alternativeNames(options.names)];
  return issue(subject, options.by?.name ?? subject, options.by?.key, extensions, options);
}

function issue(
  subject: string,
  issuer: string,
  issuerKey: string | undefined,
  extensions: readonly Buffer[],
  { notBefore, notAfter }: Pick<CertificateOptions, "notBefore" | "notAfter">,
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    // Never with a first byte of 0, which DER has no place for.
    integer(Buffer.from([0x40, ...randomBytes(7)])),
    SIGNATURE,
    commonName(issuer),
    sequence(time(notBefore ?? new Date(now - DAY_MS)), time(notAfter ?? new Date(now + DAY_MS))),
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuerKey ?? (privateKey as KeyObject));
  const whole = sequence(body, SIGNATURE, der(0x03, Buffer.from([0]), signature));
  return { cert: pem(whole), key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** One value of DER (X.690): tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

/** A positive integer of these bytes. */
function integer(bytes: Buffer): Buffer {
  return der(0x02, ((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}

const OID = {
  /** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])),
  commonName: der(0x06, Buffer.from([0x55, 0x04, 0x03])),
  basicConstraints: der(0x06, Buffer.from([0x55, 0x1d, 0x13])),
  subjectAltName: der(0x06, Buffer.from([0x55, 0x1d, 0x11])),
} as const;

const SIGNATURE = sequence(OID.ecdsaWithSha256);

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(OID.commonName, der(0x0c, Buffer.from(name)))));
}

/** UTCTime, `261123030211Z`. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

function constraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence();
  return sequence(OID.basicConstraints, der(0x01, Buffer.from([0xff])), der(0x04, value));
}

function alternativeNames(names: readonly string[]): Buffer {
  const values = names.map((name) =>
    /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name)),
  );
  return sequence(OID.subjectAltName, der(0x04, sequence(...values)));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
