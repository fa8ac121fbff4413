/**
 * Makes sure that nobody listens on an address. Listeners share their port, so that one can take another's place
 * without a gap; without this a second gatekeeper would start unseen and take half of the connections.
 *
 * @throws Bun's error with code EADDRINUSE, EACCES or EADDRNOTAVAIL
 */
export function probePort(host: string, port: number): void {
  if (port === 0) return;
  Bun.listen({ hostname: host, port, exclusive: true, socket: { data() {} } }).stop(true);
}
