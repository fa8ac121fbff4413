import type { DocEntry } from "../../document.ts";
import type { Step } from "../arrange.ts";
import { entry, listNode, mapNode, oneOrMore, wordNode } from "../nodes.ts";
import type { DirectiveReader } from "../scope.ts";

/** `handle_errors [STATUS...] { ... }`: what is answered when a request of the site fails. Statuses as in Caddy since 2.8. */
export const readHandleErrors: DirectiveReader = ({ name, args, block }, { report, nested }) => {
  if (block === undefined) {
    return report.error(name, "handle_errors lacks its block", { expected: "handle_errors [STATUS...] { ... }" });
  }
  const statuses = args.map((status) => wordNode(status));
  const entries: DocEntry[] = statuses.length === 0 ? [] : [entry("status", name, oneOrMore(statuses, name.span))];
  entries.push(entry("routes", name, listNode(nested(block, "sorted"), name.span)));
  return [entry("errors", name, mapNode(entries, name.span))];
};

/** Several of one block are one, gone through in order. */
export function joinErrors(steps: readonly Step[]): readonly Step[] {
  const all = steps.filter(({ directive }) => directive === "handle_errors");
  const [first] = all;
  if (first === undefined || all.length === 1) return steps;
  const [key] = first.action;
  if (key === undefined) return steps;
  const items = all.flatMap(({ action }) => action.map(({ value }) => value));
  const joined = { ...first, action: [{ ...key, value: listNode(items, first.span) }] };
  return steps.flatMap((step) => (step === first ? [joined] : all.includes(step) ? [] : [step]));
}
