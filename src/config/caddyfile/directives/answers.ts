import type { DocEntry, DocNode } from "../../document.ts";
import { argumentOf, argumentsOf } from "../arguments.ts";
import { entry, mapNode, textNode, wordNode } from "../nodes.ts";
import type { DirectiveReader } from "../scope.ts";
import type { Token } from "../token.ts";

const STATUS = /^\d{3}$/;

/** `respond [STATUS|BODY [STATUS]]`. */
export const readRespond: DirectiveReader = (line, { report }) => {
  const { name, block } = line;
  const form = "respond [MATCHER] STATUS, or respond [MATCHER] BODY [STATUS]";
  const args = argumentsOf(line, { form, least: 1, most: 2, block: true }, report);
  if (args === undefined) return undefined;
  const [first, second] = args;
  const isStatus = first !== undefined && second === undefined && STATUS.test(first.text) && first.text !== "000";
  const status = isStatus ? first : second;
  let body = isStatus ? undefined : first;
  let close: Token | undefined;
  for (const inner of block ?? []) {
    if (inner.name.text === "close" && inner.args.length === 0) close = inner.name;
    else if (inner.name.text === "body") {
      const text = argumentOf(inner, "body TEXT", report);
      if (body !== undefined) report.error(inner.name, "the body is given already");
      else body = text;
    } else report.unknown(inner.name, "line of respond", ["body", "close"]);
  }
  return [entry("respond", name, respondNode(name, status, body, close))];
};

function respondNode(at: Token, status: Token | undefined, body: Token | undefined, close: Token | undefined): DocNode {
  if (close === undefined && body === undefined && status !== undefined) return wordNode(status);
  const isPlain = body !== undefined && !/^\s*\d*\s*$/.test(body.text);
  if (close === undefined && status === undefined && isPlain) return textNode(body);
  const entries: DocEntry[] = [];
  if (status !== undefined) entries.push(entry("status", status, wordNode(status)));
  if (body !== undefined) entries.push(entry("body", body, textNode(body)));
  if (close !== undefined) entries.push(entry("close", close, wordNode(close, "true")));
  return mapNode(entries, at.span);
}

/** `redir TO [CODE]`. */
export const readRedir: DirectiveReader = (line, { report }) => {
  const form = "redir [MATCHER] TO [CODE]";
  const args = argumentsOf(line, { form, least: 1, most: 2 }, report);
  const [to, code] = args ?? [];
  if (to === undefined) return undefined;
  if (code?.text === "html") {
    return report.error(code, "a redirect by a page is Caddy's, and not made here", { help: "redir TO permanent" });
  }
  const status = statusOf(code);
  if (code !== undefined && status === undefined) {
    const expected = "permanent, temporary, a status from 300 to 399, or 401";
    return report.error(code, "this is no status of a redirect", { expected });
  }
  if (code === undefined || status === "302") return [entry("redirect", line.name, textNode(to))];
  // Scripts cannot see where a redirect leads, but they can see this (Caddy); it is no redirect by its status.
  if (status === "401") {
    const location = mapNode([entry("Location", to, textNode(to))], to.span);
    const edits = mapNode([entry("set", to, location)], to.span);
    return [entry("header", line.name, edits), entry("respond", line.name, wordNode(code))];
  }
  const entries = [entry("to", to, textNode(to)), entry("status", code, wordNode(code, status))];
  return [entry("redirect", line.name, mapNode(entries, line.name.span))];
};

function statusOf(code: Token | undefined): string | undefined {
  switch (code?.text) {
    case undefined:
    case "temporary":
      return "302";
    case "permanent":
      return "301";
    default:
      return code !== undefined && /^(?:3\d\d|401|\{.*)$/.test(code.text) ? code.text : undefined;
  }
}

/** `error STATUS`, `error MESSAGE [STATUS]`. */
export const readError: DirectiveReader = (line, { report }) => {
  const form = "error [MATCHER] STATUS, or error [MATCHER] MESSAGE [STATUS]";
  const args = argumentsOf(line, { form, least: 1, most: 2, block: true }, report);
  const [first, second] = args ?? [];
  if (first === undefined) return undefined;
  const isStatus = second === undefined && STATUS.test(first.text);
  const status = isStatus ? first : second;
  let message = isStatus || (second !== undefined && STATUS.test(first.text)) ? undefined : first;
  const swapped = second !== undefined && STATUS.test(first.text) ? second : undefined;
  if (swapped !== undefined) return report.error(swapped, "the status stands last", { expected: form });
  for (const inner of line.block ?? []) {
    if (inner.name.text !== "message") report.unknown(inner.name, "line of error", ["message"]);
    else if (message !== undefined) report.error(inner.name, "the message is given already");
    else message = argumentOf(inner, "message TEXT", report);
  }
  if (message === undefined && status !== undefined) return [entry("error", line.name, wordNode(status))];
  const entries = [entry("status", status ?? line.name, wordNode(status ?? line.name, status?.text ?? "500"))];
  if (message !== undefined) entries.push(entry("message", message, textNode(message)));
  return [entry("error", line.name, mapNode(entries, line.name.span))];
};
