/** Three tests from the most frequent Host to the rarest: this is on every request's path. */
const USUAL_NAME = /^(?:[\w.-]*\.)?[a-z_-][\w-]*\.?(?::[1-5]?\d{1,4})?$/i;
const IPV4 = /^(?:(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?=\d)|(?=:|$))){4}(?::[1-5]?\d{1,4})?$/;
/** What else may be one, if it can be parsed. */
const UNUSUAL = /^(?:[\w.~!$&'()*+;=-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * Whether a Host field is `host [":" port]` (RFC 9110 7.2, RFC 3986 3.2.2; percent-encoding is not taken), and one that
 * Bun can parse. The URL of a request whose Host it cannot parse is not normalised, and not always a path alone: for
 * `a:b`, `[::1` or `256.1.1.1` it is `http://a:b/x/../y` (Bun 1.4.5).
 */
export function isAuthority(host: string): boolean {
  // A last label that begins with a digit could be a number out of range, so it is no usual name.
  return USUAL_NAME.test(host) || IPV4.test(host) || (UNUSUAL.test(host) && URL.canParse(`http://${host}/`));
}
