/** What the transcript knows of Streamlit's page around it. */

export const INPUT = '[data-testid="stChatInput"]';
export const INPUT_FIELD = '[data-testid="stChatInputTextArea"]';
export const SEND_BUTTON = '[data-testid="stChatInputSubmitButton"]';
export const BOTTOM = '[data-testid="stBottom"]';

/** What the Escape key belongs to before it stops an answer. */
export const OPEN =
  '[role="dialog"], [role="listbox"], [role="menu"], [data-testid="stPopoverBody"], [data-armed="true"]';

/** Return the field in which a prompt is typed. */
export function findInputField(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>(INPUT_FIELD);
}

/** Put the focus into the input, but where that would open a keyboard on the screen. */
export function focusInput(): void {
  if (matchMedia("(pointer: fine)").matches) findInputField()?.focus({ preventScroll: true });
}
