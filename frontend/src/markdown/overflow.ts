// A box that scrolls can be reached by keyboard, and only such a box.
type Name = () => string;

const names = new WeakMap<Element, Name>();
const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(checkAll);

/** Make `box` a tab stop, called `name`, for as long as what it holds is wider than it is. */
export function watchOverflow(box: HTMLElement, name: Name): void {
  if (names.has(box)) return;
  names.set(box, name);
  observer?.observe(box);
  for (const child of box.children) observer?.observe(child);
}

function checkAll(entries: ResizeObserverEntry[]): void {
  for (const { target } of entries) {
    const box = names.has(target) ? target : target.parentElement;
    if (box) check(box);
  }
}

function check(box: Element): void {
  if (box.scrollWidth <= box.clientWidth) {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    return;
  }
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", names.get(box)?.() ?? "");
}
