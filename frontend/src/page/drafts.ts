import { FIELD, SUBMIT, findField, isSendKey } from "./streamlit";
import { watchPage } from "./watch";

const PREFIX = "chat-draft-";

let conversation = "";
let hasSentFirst = false; // in a new chat, which gets its address by that
let field: HTMLTextAreaElement | null = null;

/** Keep what is typed and not sent, each conversation's own, over a reload and a look elsewhere. */
export function keepDrafts(): void {
  conversation = readConversation();
  addEventListener("input", (event) => {
    if ((event.target as Element).matches(FIELD)) keep();
  });
  addEventListener("pagehide", () => {
    if (field?.isConnected) keep();
  });
  addEventListener("keydown", (event) => isSendKey(event) && afterSending(), true);
  addEventListener("click", (event) => (event.target as Element).closest(SUBMIT) && afterSending(), true);
  watchPage(followPage);
}

function readConversation(): string {
  return new URLSearchParams(location.search).get("c") ?? "";
}

function keep(): void {
  const typed = findField()?.value ?? "";
  if (typed) sessionStorage.setItem(PREFIX + conversation, typed);
  else sessionStorage.removeItem(PREFIX + conversation);
}

/** Forget the draft once Streamlit has taken it: it empties the field itself. */
function afterSending(): void {
  setTimeout(() => {
    if (findField()?.value) return;
    hasSentFirst = conversation === "";
    keep();
  });
}

function followPage(): void {
  const current = findField();
  const isNewField = current !== null && current !== field;
  const isMoved = readConversation() !== conversation;
  field = current ?? field;
  if (isMoved) moveTo(readConversation());
  else if (isNewField && !current.value) restore();
}

function moveTo(next: string): void {
  const isSame = hasSentFirst && conversation === "" && next !== "";
  if (isSame) sessionStorage.removeItem(PREFIX);
  conversation = next;
  hasSentFirst = false;
  if (isSame) keep();
  else restore();
}

function restore(): void {
  const current = findField();
  const draft = sessionStorage.getItem(PREFIX + conversation) ?? "";
  if (!current || current.value === draft) return;
  // React reads the value of a field that it draws only when it is told by such an event.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(current, draft);
  current.dispatchEvent(new Event("input", { bubbles: true }));
}
