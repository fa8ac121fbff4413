import type { DocEntry } from "../../document.ts";
import { argumentsOf } from "../arguments.ts";
import { entry, mapNode, textNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { DirectiveReader } from "../scope.ts";
import type { Token } from "../token.ts";

const FORM = "basic_auth [MATCHER] [bcrypt [REALM]] { USER HASH }";
const BCRYPT = /^\$2[abxy]?\$\d\d\$/;

/** `basic_auth`, and `basicauth` as it was called before. */
export const readBasicAuth: DirectiveReader = (line, { report }) => {
  const { name, block } = line;
  const args = argumentsOf(line, { form: FORM, least: 0, most: 2, block: true }, report);
  if (args === undefined) return undefined;
  const [algorithm, realm] = args;
  if (algorithm !== undefined && algorithm.text !== "bcrypt") {
    const what = /^(?:scrypt|argon2id)$/.test(algorithm.text) ? "is Caddy's, and not taken here" : "is not known";
    const help = "gatekeeper takes bcrypt: caddy hash-password makes such hashes";
    return report.error(algorithm, `the hash ${algorithm.text} ${what}`, { expected: "bcrypt", help });
  }
  if (block === undefined || block.length === 0) {
    return report.error(name, `${name.text} lacks its users`, { expected: FORM });
  }
  const users: DocEntry[] = [];
  for (const { name: user, args: words } of block) {
    const [hash, salt] = words;
    const isAgain = users.some(({ key }) => key === user.text);
    if (isAgain) report.error(user, "this user is there already");
    else if (hash === undefined) report.error(user, "the hash of the password is missing", { expected: "USER HASH" });
    else if (salt !== undefined) report.error(salt, "a bcrypt hash holds its salt itself", { expected: "USER HASH" });
    else users.push(entry(user.text, user, textNode(hash, hashText(hash, report))));
  }
  const entries = [entry("users", name, mapNode(users, name.span))];
  if (realm !== undefined) entries.unshift(entry("realm", realm, textNode(realm)));
  return [entry("basic_auth", name, mapNode(entries, name.span))];
};

/** Caddy takes a hash as it is, or in base64 as its older versions printed it. */
function hashText(hash: Token, report: Report): string {
  if (BCRYPT.test(hash.text)) return hash.text;
  const plain = Buffer.from(hash.text, "base64").toString("latin1");
  if (/^[A-Za-z\d+/]+=*$/.test(hash.text) && BCRYPT.test(plain)) return plain;
  const isOther = /^\$(?:argon2|scrypt|5|6)/.test(hash.text);
  report.error({ ...hash, text: "(hidden)" }, isOther ? "only bcrypt is taken" : "this is no bcrypt hash", {
    expected: "$2a$14$..., as caddy hash-password or htpasswd -nB print it",
  });
  return hash.text;
}
