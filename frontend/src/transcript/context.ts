import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";

import { TranscriptStore, type TranscriptState } from "./store";

/** The store that the transcript is drawn from. */
export const StoreContext = createContext(new TranscriptStore());

/** Return the store of the transcript that is drawn. */
export function useStore(): TranscriptStore {
  return useContext(StoreContext);
}

/** Return the state of the store, drawn anew at most once a frame. */
export function useTranscript(): TranscriptState {
  const store = useStore();
  const [state, setState] = useState(store.state);
  useEffect(() => {
    const pacer = new Pacer(() => setState(store.state));
    pacer.request();
    const unsubscribe = store.subscribe(() => pacer.request());
    return () => {
      unsubscribe();
      pacer.cancel();
    };
  }, [store]);
  return state;
}

/** Runs `work` in the next frame; soon, where nothing is painted. */
class Pacer {
  private cancelNext: (() => void) | null = null;

  constructor(private readonly work: () => void) {}

  request(): void {
    if (this.cancelNext) return;
    const run = (): void => {
      this.cancelNext = null;
      this.work();
    };
    this.cancelNext = document.hidden ? runLater(run) : runInFrame(run);
  }

  cancel(): void {
    this.cancelNext?.();
    this.cancelNext = null;
  }
}

const UNSEEN_PAUSE_MS = 200;

function runLater(work: () => void): () => void {
  const timer = setTimeout(work, UNSEEN_PAUSE_MS);
  return () => clearTimeout(timer);
}

function runInFrame(work: () => void): () => void {
  const frame = requestAnimationFrame(work);
  return () => cancelAnimationFrame(frame);
}
