import type { TranscriptStore } from "./store";
import { INPUT_FIELD, OPEN, findInputField } from "./streamlit";

/** Let Escape stop the answer, and ArrowUp in the empty input edit the last prompt. */
export function installKeys(store: TranscriptStore): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return; // a word is being written
    if (event.key === "Escape") stopByKey(event, store);
    if (event.key === "ArrowUp") editLast(event, store);
  };
  addEventListener("keydown", onKey, true); // before what is open is closed by the same key
}

function stopByKey(event: KeyboardEvent, store: TranscriptStore): void {
  const target = event.target as Element;
  const isInField = target.matches("input, select, textarea") && !target.matches(INPUT_FIELD);
  if (!isInField && !document.querySelector(OPEN)) void store.stop();
}

function editLast(event: KeyboardEvent, store: TranscriptStore): void {
  const hasModifier = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
  const field = findInputField();
  if (hasModifier || event.target !== field || field?.value) return;
  const last = store.state.messages.findLast((message) => message.role === "user");
  if (!last) return;
  event.preventDefault();
  store.edit(last.id);
}
