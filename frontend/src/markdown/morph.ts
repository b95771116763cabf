// What the page sets on elements itself, which the HTML does not know.
const OWN_ATTRIBUTES = new Set(["tabindex", "role", "aria-label"]);
const ISLAND = "chat-code";

/** Make `old` look like `fresh`, keeping each node that can stay: with it a selection, a focus and scroll positions. */
export function morph(old: Element, fresh: Element): void {
  if (old.classList.contains(ISLAND)) return;
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

/** Make the children of `old` look like those of `fresh`. */
export function morphChildren(old: Node, fresh: Node): void {
  let node = old.firstChild;
  let other = fresh.firstChild;
  while (other) {
    const next = other.nextSibling;
    if (node && canStay(node, other)) morphNode(node, other);
    else if (node) node = replace(old, node, other);
    else old.appendChild(other);
    node = node?.nextSibling ?? null;
    other = next;
  }
  while (node) {
    const next = node.nextSibling;
    node.remove();
    node = next as ChildNode | null;
  }
}

/** Can `old` become `fresh` without being replaced? */
export function canStay(old: Node, fresh: Node): boolean {
  return old.nodeName === fresh.nodeName && isIsland(old) === isIsland(fresh);
}

function replace(parent: Node, old: ChildNode, fresh: ChildNode): ChildNode {
  parent.replaceChild(fresh, old);
  return fresh;
}

function isIsland(node: Node): boolean {
  return node instanceof Element && node.classList.contains(ISLAND);
}

function morphNode(old: Node, fresh: Node): void {
  if (old instanceof Element) morph(old, fresh as Element);
  else setText(old as Text, (fresh as Text).data);
}

function setText(node: Text, data: string): void {
  if (node.data === data) return;
  if (data.startsWith(node.data)) node.appendData(data.slice(node.length));
  else node.data = data;
}

function morphAttributes(old: Element, fresh: Element): void {
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OWN_ATTRIBUTES.has(name)) old.removeAttribute(name);
  }
}
