import type { TranscriptStore } from "./store";
import { FIELD, OPEN, findField, isComposing } from "../shared/streamlit";

// What Escape belongs to before it stops an answer.
const FIRST = `${OPEN}, [data-armed="true"]`;

/** Let Escape stop the answer, and ArrowUp in the empty input edit the last prompt. */
export function installKeys(store: TranscriptStore): void {
  const onKey = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (event.key === "Escape") stopByKey(event, store);
    if (event.key === "ArrowUp") editLast(event, store);
  };
  addEventListener("keydown", onKey, true); // before what is open is closed by the same key
}

function stopByKey(event: KeyboardEvent, store: TranscriptStore): void {
  const target = event.target as Element;
  const isInField = target.matches("input, select, textarea") && !target.matches(FIELD);
  if (!isInField && !document.querySelector(FIRST)) void store.stop();
}

function editLast(event: KeyboardEvent, store: TranscriptStore): void {
  const hasModifier = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
  const field = findField();
  if (hasModifier || event.target !== field || field?.value) return;
  const last = store.state.messages.findLast((message) => message.role === "user");
  if (!last) return;
  event.preventDefault();
  store.edit(last.id);
}
