import { Candidates } from "./candidates.ts";
import type { PathKey } from "./path-pattern.ts";

/** A radix tree over folded paths. Looking up takes one walk along the path, however many keys there are. */
export class PathTree {
  readonly #root = new Node("");

  /** @param number of a route; ascending */
  add(key: PathKey, number: number): void {
    const node = this.#root.reach(key.path);
    if (key.type === "prefix") (node.prefix ??= new Candidates()).add(number);
    else (node.exact ??= new Candidates()).add(number);
  }

  /** Once after the last `add`. */
  seal(): void {
    // A stack of its own: the tree is as deep as the configuration makes it.
    const open: [node: Node, wider: Candidates | undefined][] = [[this.#root, undefined]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [node, wider] = next;
      node.prefix?.widen(wider);
      const nearest = node.prefix ?? wider;
      node.exact?.widen(nearest);
      for (const child of node.children?.values() ?? []) open.push([child, nearest]);
    }
  }

  /** The routes with a key that is this path, or that it begins with; undefined for none. */
  find(path: string): Candidates | undefined {
    let node = this.#root;
    let found = node.prefix;
    let at = 0;
    for (;;) {
      if (at === path.length) return node.exact ?? found;
      const child = node.children?.get(path.charCodeAt(at));
      if (child === undefined || !path.startsWith(child.label, at)) return found;
      node = child;
      at += child.label.length;
      found = node.prefix ?? found;
    }
  }
}

class Node {
  /** The piece of the path that leads here from the node above. */
  label: string;
  /** By the first character of their labels. */
  children: Map<number, Node> | undefined = undefined;
  prefix: Candidates | undefined = undefined;
  exact: Candidates | undefined = undefined;

  constructor(label: string) {
    this.label = label;
  }

  /** The node of a path below this one, made where there is none. */
  reach(path: string): Node {
    let node: Node = this;
    let rest = path;
    while (rest !== "") {
      node.children ??= new Map();
      const first = rest.charCodeAt(0);
      const child: Node = node.children.get(first) ?? new Node(rest);
      const shared = sharedLength(child.label, rest);
      const next = shared < child.label.length ? child.#splitAt(shared) : child;
      node.children.set(first, next);
      node = next;
      rest = rest.slice(shared);
    }
    return node;
  }

  /** Puts a node before this one, with the first part of the label. */
  #splitAt(length: number): Node {
    const before = new Node(this.label.slice(0, length));
    this.label = this.label.slice(length);
    before.children = new Map([[this.label.charCodeAt(0), this]]);
    return before;
  }
}

function sharedLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length++;
  return length;
}
