import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

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
  const [isNear, setIsNear] = useState(isWanted);
  if (isWanted && !isNear) setIsNear(true);
  useEffect(() => {
    const element = place.current;
    if (isNear || !element) return;
    approached.set(element, () => setIsNear(true));
    observer?.observe(element);
    return () => observer?.unobserve(element);
  }, [isNear]);
  return [place, isNear || isWanted];
}
