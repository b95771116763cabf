import { vi } from "vitest";

/** Draw the parts of Streamlit's input, with what stands in it, and return its field. */
export function drawComposer(inside = "", value = ""): HTMLTextAreaElement {
  document.body.innerHTML = `<div><div data-testid="stChatInput">${inside}
    <input type="file"><textarea data-testid="stChatInputTextArea">${value}</textarea>
    <button data-testid="stChatInputSubmitButton"></button></div></div>`;
  return findField();
}

/** Return the field of the input. */
export function findField(): HTMLTextAreaElement {
  return document.querySelector("textarea") as HTMLTextAreaElement;
}

/** Say that the pointer is a mouse, or a finger. */
export function usePointer(pointer: "fine" | "coarse"): void {
  window.matchMedia = vi.fn((query: string) => ({ matches: query.includes(pointer) })) as never;
}

/** Press a key and return whether Streamlit may still see it. */
export function press(target: EventTarget, key: string, more: KeyboardEventInit = {}): boolean {
  const seen = vi.fn();
  target.addEventListener("keydown", seen, { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  target.removeEventListener("keydown", seen);
  return seen.mock.calls.length > 0;
}

/** Wait until observers and timers of this moment have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
