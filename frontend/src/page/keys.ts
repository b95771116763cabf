import { FIELD, OPEN, findField, hasFinePointer, isComposing } from "../shared/streamlit";
import { watchPage } from "./watch";

const HELP = '[data-act="help"]';
const EDITABLE = "input, textarea, select, [contenteditable]";
const OPERABLE = `${EDITABLE}, a, button, summary, [tabindex], [role="button"]`;

/** Let keys reach the input from anywhere, and keep those of an input method from Streamlit. */
export function installKeys(): void {
  addEventListener("keydown", onKey, true); // before any other sees it
}

/** Put the focus into the input as soon as it is there. */
export function focusAtStart(): void {
  let isDone = !hasFinePointer();
  watchPage(() => {
    const field = isDone ? null : findField();
    if (!field || field.disabled) return;
    isDone = true;
    if (document.activeElement === document.body) field.focus({ preventScroll: true });
  });
}

function onKey(event: KeyboardEvent): void {
  if (isComposing(event)) {
    if ((event.target as Element).matches(FIELD)) event.stopPropagation();
  } else if (event.key === "?" && !isTyping(event)) {
    openHelp(event);
  } else if (isMeantForInput(event)) {
    findField()?.focus({ preventScroll: true }); // which then gets the key
  }
}

function isTyping(event: KeyboardEvent): boolean {
  return (event.target as Element).matches(EDITABLE) || document.querySelector(OPEN) !== null;
}

function openHelp(event: KeyboardEvent): void {
  const button = document.querySelector<HTMLElement>(HELP);
  if (!button) return;
  event.preventDefault();
  button.click();
}

/** Return whether somebody types on the page itself, where no key has a meaning. */
function isMeantForInput(event: KeyboardEvent): boolean {
  const isCharacter = event.key.length === 1 && event.key !== " ";
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  const isFree = !(event.target as Element).closest(OPERABLE) && !document.querySelector(OPEN);
  return isCharacter && !hasModifier && isFree && hasFinePointer();
}
