/**
 * The page's own way to its elements. All that is written is text or an attribute, never HTML, and only where it differs
 * from what stands there: nothing moves, and no screen reader speaks, when nothing happens.
 */

export interface Parts {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly Node[];
}

export function make<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, parts: Parts = {}): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), parts);
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  parts: Parts = {},
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), parts);
}

function filled<Made extends Element>(element: Made, parts: Parts): Made {
  if (parts.class !== undefined) element.setAttribute("class", parts.class);
  for (const [name, value] of Object.entries(parts.attributes ?? {})) element.setAttribute(name, value);
  if (parts.text !== undefined) element.textContent = parts.text;
  if (parts.children !== undefined) element.append(...parts.children);
  return element;
}

/** An element of index.html. Throws where it is not there. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found;
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Undefined takes it away. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Of its style: by the object model, since the policy of the page forbids a style attribute. */
export function setProperty(element: HTMLElement, name: string, value: string): void {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

export function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** Has these children in this order, moving only what is not in its place. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const child of children) {
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

/** The child of this class, made when it is asked for first. */
export function child<Tag extends keyof HTMLElementTagNameMap>(
  parent: Element,
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  for (const each of parent.children) {
    if (each.classList.contains(name)) return each as HTMLElementTagNameMap[Tag];
  }
  return parent.appendChild(make(tag, { class: name }));
}
