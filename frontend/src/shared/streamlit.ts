/** What is known of Streamlit's page: its test ids. tests/browser/test_dom_contract.py has them. */

export const APP = ".stApp";
export const CONNECTION = "data-test-connection-state";
export const COMPOSER = '[data-testid="stChatInput"]';
export const FIELD = '[data-testid="stChatInputTextArea"]';
export const SUBMIT = '[data-testid="stChatInputSubmitButton"]';
export const BOTTOM = '[data-testid="stBottom"]';
export const CHIP = '[data-testid="stFileChip"]';
export const FAILED_CHIP = `${CHIP}[aria-invalid="true"]`;
export const CHIP_NAME = '[data-testid="stFileChipName"]';
export const SPINNER = '[data-testid="stFileChipIconSpinner"]';
export const FILES = `${COMPOSER} input[type="file"]`;
export const OPEN = '[role="dialog"], [role="listbox"], [role="menu"], [data-testid="stPopoverBody"]';

/** Return the field in which a prompt is typed. */
export function findField(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>(FIELD);
}

/** Return whether the focus may go into a field: on a touch screen that opens a keyboard. */
export function hasFinePointer(): boolean {
  return matchMedia("(pointer: fine)").matches;
}

/** Return whether a key belongs to an input method; Safari says so only by the code 229. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Return whether a key sends what is typed in the input. */
export function isSendKey(event: KeyboardEvent): boolean {
  const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !isComposing(event);
  return event.key === "Enter" && isPlain && (event.target as Element).matches(FIELD);
}

/** Put the focus into the field, but where that would open a keyboard on the screen. */
export function focusField(): void {
  if (hasFinePointer()) findField()?.focus({ preventScroll: true });
}
