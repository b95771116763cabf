import { text } from "../texts";
import { FILES, OPEN } from "../shared/streamlit";

/** Take files that are dropped anywhere on the page, and say so while they are over it. */
export function installDropSheet(): void {
  const sheet = document.createElement("div");
  sheet.id = "chat-drop-sheet";
  sheet.textContent = text("drop_to_attach");
  addEventListener("dragenter", (event) => hasFiles(event) && document.body.append(sheet), true);
  addEventListener("dragover", (event) => sheet.isConnected && event.preventDefault(), true);
  addEventListener("dragleave", (event) => event.relatedTarget === null && sheet.remove(), true);
  addEventListener("drop", (event) => sheet.isConnected && take(event, sheet), true);
}

// A dialog has a place of its own for files.
function hasFiles(event: DragEvent): boolean {
  const isOurs = document.querySelector(FILES) !== null && document.querySelector(OPEN) === null;
  return isOurs && event.dataTransfer?.types.includes("Files") === true;
}

function take(event: DragEvent, sheet: HTMLElement): void {
  sheet.remove();
  event.preventDefault();
  event.stopImmediatePropagation();
  const input = document.querySelector<HTMLInputElement>(FILES);
  if (!input || !event.dataTransfer?.files.length) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
