import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { endFollower } from "./scrolling";

const MARGIN = "1500px 0px";
const approached = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | null = null;

/** Look for what comes near in this scroller from now on. */
export function watchSight(scroller: Element): void {
  observer?.disconnect();
  observer = new IntersectionObserver(reportApproached, { root: scroller, rootMargin: MARGIN });
}

function reportApproached(entries: IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries) if (isIntersecting) approached.get(target)?.();
}

/** Return a place and whether it has come near to what the reader sees, or is wanted anyhow. */
export function useIsNear<Place extends Element>(
  isWanted: boolean,
): [RefObject<Place | null>, boolean] {
  const place = useRef<Place>(null);
  const keepSight = useRef<(() => void) | null>(null);
  const [isNear, setIsNear] = useState(isWanted);
  if (isWanted && !isNear) setIsNear(true);
  useEffect(() => {
    const element = place.current;
    if (isNear || !element) return;
    approached.set(element, () => {
      keepSight.current = watchHeight(element.parentElement);
      setIsNear(true);
    });
    observer?.observe(element);
    return () => observer?.unobserve(element);
  }, [isNear]);
  useLayoutEffect(() => keepSight.current?.(), [isNear]);
  return [place, isNear || isWanted];
}

/** Return what keeps in sight what is, when `element` above it has got another height. */
function watchHeight(element: Element | null): (() => void) | null {
  if (!element || CSS.supports("overflow-anchor", "auto")) return null; // the browser does it
  const { top, height } = element.getBoundingClientRect();
  if (top > 0) return null;
  return () => endFollower.shift(element.getBoundingClientRect().height - height);
}
