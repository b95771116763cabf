const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const WAKING = ["online", "pageshow", "visibilitychange"] as const;

/** Pauses between tries: longer after each failure, over at once when the browser wakes up. */
export class Backoff {
  /** How many tries failed since the last success. */
  failures = 0;

  /** Wait for the next try. */
  async pause(): Promise<void> {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.failures += 1;
    await new Promise<void>((resolve) => {
      const stop = onWaking(finish);
      const timer = setTimeout(finish, pauseMs);
      function finish(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    });
  }

  /** Count from the beginning again. */
  reset(): void {
    this.failures = 0;
  }
}

/** Call `wake` when the page comes back to sight or to the network; return what ends that. */
export function onWaking(wake: () => void): () => void {
  const wakeIfVisible = (): void => {
    if (!document.hidden) wake();
  };
  for (const name of WAKING) addEventListener(name, wakeIfVisible, true);
  return () => {
    for (const name of WAKING) removeEventListener(name, wakeIfVisible, true);
  };
}
