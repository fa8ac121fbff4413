import type { DocEntry, Span } from "../document.ts";
import { EXCLUSIVE } from "./directive-order.ts";
import type { Matcher } from "./matchers.ts";
import { meaningOf } from "./nodes.ts";
import { stableSort } from "./stable-sort.ts";

/** What one directive does: the keys of a route. */
export type Action = readonly DocEntry[];

/** A directive that was read. */
export interface Step {
  /** Its name, as it is sorted by. */
  readonly directive: string;
  readonly matcher: Matcher | undefined;
  readonly action: Action;
  readonly span: Span;
}

/** Directives that run together: one condition, looked at once. */
export interface Stage {
  readonly matcher: Matcher | undefined;
  readonly actions: readonly Action[];
  /** Only the first of the stages of a group that matches runs; the others of it stand next to it. */
  readonly group: string | undefined;
  readonly span: Span;
}

/** The stages of a block as Caddy makes them: sorted, grouped, and put together where the condition is the same. */
export function arrange(steps: readonly Step[], order: readonly string[]): readonly Stage[] {
  const sorted = [...steps];
  stableSort(sorted, (a, b) => isBefore(a, b, order));
  const count = new Map<string, number>();
  for (const { directive } of sorted) count.set(directive, (count.get(directive) ?? 0) + 1);
  // A rewrite alone is a group, too, so that what follows it with the same matcher looks at the new path (Caddy).
  const isGrouped = (name: string): boolean =>
    name === "rewrite" || (EXCLUSIVE.has(name) && (count.get(name) ?? 0) > 1);
  const stages = sorted.map((step) => stageOf(step, isGrouped(step.directive) ? step.directive : undefined));
  return consolidate(stages, () => true);
}

/** The stages of a `route` block: as they are written, and none of them shuts another out (Caddy 2.6). */
export function inWrittenOrder(steps: readonly Step[]): readonly Stage[] {
  // Without a condition it makes no difference whether they stand together, but for the reader.
  return consolidate(
    steps.map((step) => stageOf(step, undefined)),
    (stage) => stage.matcher === undefined,
  );
}

function stageOf({ matcher, action, span }: Step, group: string | undefined): Stage {
  return { matcher, actions: [action], group, span };
}

/** Stages that follow each other with the same condition become one: it is not looked at again (Caddy). */
function consolidate(stages: readonly Stage[], may: (stage: Stage) => boolean): readonly Stage[] {
  const merged: Stage[] = [];
  for (const stage of stages) {
    const last = merged.at(-1);
    if (last !== undefined && may(stage) && last.group === stage.group && isSame(last.matcher, stage.matcher)) {
      merged[merged.length - 1] = { ...last, actions: [...last.actions, ...stage.actions] };
    } else merged.push(stage);
  }
  return merged;
}

function isSame(a: Matcher | undefined, b: Matcher | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || meaningOf(a.node) === meaningOf(b.node);
}

function isBefore(a: Step, b: Step, order: readonly string[]): boolean {
  if (a.directive !== b.directive) return order.indexOf(a.directive) < order.indexOf(b.directive);
  const [pathA, pathB] = [a.matcher?.path, b.matcher?.path];
  // Only two single paths can be compared: the longer one first.
  if (pathA !== undefined && pathB !== undefined) return byteLength(pathA) > byteLength(pathB);
  // Else what has a matcher goes before what has none.
  return a.matcher !== undefined && b.matcher === undefined;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
