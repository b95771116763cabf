import { copyBySelection } from "../clipboard";

/** Give Streamlit's copy buttons a clipboard over plain http, where the browser has none. */
export function provideClipboard(): void {
  if (navigator.clipboard) return;
  const writeText = (words: string): Promise<void> =>
    copyBySelection(words) ? Promise.resolve() : Promise.reject(new Error("not copied"));
  Object.defineProperty(navigator, "clipboard", { value: { writeText } });
}
