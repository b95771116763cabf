// Work that is put off, so that a page with much to draw stays alive.
const pending = new Set<Promise<unknown>>();

/** Remember work that is under way, for `settled`. */
export function track(work: Promise<unknown>): void {
  const done = work.catch(() => undefined).finally(() => pending.delete(done));
  pending.add(done);
}

/** Resolve when nothing that was put off is left to do. */
export async function settled(): Promise<void> {
  while (pending.size > 0) await Promise.all(pending);
}

/** Resolve in a later task, after at least `delay_ms`. */
export function pause(delay_ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay_ms));
}

/** Resolve when the browser has time to spare. */
export function idle(): Promise<void> {
  if (typeof requestIdleCallback === "undefined") return pause();
  return new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: 500 }));
}
