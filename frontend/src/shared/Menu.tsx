import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface MenuProps {
  label: string;
  /** The button that opened it, beside which it lies and which gets the focus back. */
  anchor: HTMLElement;
  onClose: () => void;
  children: ComponentChildren;
}

const GAP_PX = 4;

/** Draw a menu beside its button: above all else, moved through by the arrow keys, ended by Esc. */
export function Menu({ label, anchor, onClose, children }: MenuProps): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (menu.current) placeBeside(menu.current, anchor);
    itemsOf(menu.current)[0]?.focus();
  }, []);
  useEffect(() => {
    const onDown = (event: PointerEvent): void => {
      const target = event.target as Node;
      if (!menu.current?.contains(target) && !anchor.contains(target)) onClose();
    };
    addEventListener("pointerdown", onDown, true);
    return () => removeEventListener("pointerdown", onDown, true);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Tab") {
      onClose();
      anchor.focus();
    } else if (!moveFocus(itemsOf(menu.current), event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="chat-menu" role="menu" aria-label={label} ref={menu} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
}

/** Move the focus by a key; return whether the key does that. */
function moveFocus(items: HTMLElement[], key: string): boolean {
  const at = items.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const next = steps[key];
  if (next === undefined) return false;
  items[next]?.focus();
  return true;
}

function placeBeside(menu: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isBelow = at.bottom + GAP_PX + height <= innerHeight;
  const left = Math.min(at.left, innerWidth - width - GAP_PX);
  const top = isBelow ? at.bottom + GAP_PX : Math.max(at.top - GAP_PX - height, GAP_PX);
  Object.assign(menu.style, { left: `${Math.max(left, GAP_PX)}px`, top: `${top}px` });
}
