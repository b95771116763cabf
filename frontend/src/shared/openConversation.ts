import { useEffect, useState } from "preact/hooks";

/** The open conversation; the browser knows before the server's next run whether it is written. */
interface OpenConversation {
  id: string | null;
  isWriting: boolean;
}

let open: OpenConversation = { id: null, isWriting: false };
const listeners = new Set<() => void>();

/** Tell the rest of the page what the transcript shows. */
export function tellOpenConversation(id: string | null, isWriting: boolean): void {
  if (open.id === id && open.isWriting === isWriting) return;
  open = { id, isWriting };
  for (const listener of listeners) listener();
}

/** Call `listener` when another conversation is open, or an answer begins or ends in it. */
export function onOpenConversation(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return whether an answer of the conversation is written; `isSaid` to be, of one not open. */
export function useIsWritten(id: string, isSaid: boolean): boolean {
  const [current, setCurrent] = useState(open);
  useEffect(() => {
    const listener = (): void => setCurrent(open);
    listener();
    return onOpenConversation(listener);
  }, []);
  return current.id === id ? current.isWriting : isSaid;
}
