const SECRET = /auth|cookie|token|secret|password|passwd|credential|signature|session|api[-_]?key/i;

/** Whether a field or a parameter of a request carries what nobody else should read, as far as its name tells. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}
