import { onOpenConversation } from "../shared/openConversation";
import { FIELD, SUBMIT, findField, isSendKey } from "../shared/streamlit";
import { watchPage } from "./watch";

const PREFIX = "chat-draft-";
const WAYS = ".chat-row a, .st-key-new button"; // to another conversation
const LONGEST_WAY_MS = 5000;

let conversation = "";
let hasSentFirst = false; // in a new chat, which gets its address by that
let field: HTMLTextAreaElement | null = null;
let leaving = 0; // the timer of a person on the way, until the address names where they went
let isFilling = false; // the field, which is no typing

/** Keep what is typed and not sent, each conversation's own, over a reload and a look elsewhere. */
export function keepDrafts(): void {
  conversation = readConversation();
  addEventListener("input", (event) => {
    if (!isFilling && (event.target as Element).matches(FIELD)) keepTyped();
  });
  addEventListener("click", (event) => (event.target as Element).closest(WAYS) && leave(), true);
  addEventListener("pagehide", () => {
    if (field?.isConnected) keep();
  });
  addEventListener("keydown", (event) => isSendKey(event) && afterSending(), true);
  addEventListener("click", (event) => (event.target as Element).closest(SUBMIT) && afterSending(), true);
  watchPage(followPage);
  onOpenConversation(followPage); // by which nothing need change but the transcript
}

function readConversation(): string {
  return new URLSearchParams(location.search).get("c") ?? "";
}

/** Keep what is typed for the conversation of the address, also before the page has followed it. */
function keepTyped(): void {
  if (readConversation() !== conversation) arrive(readConversation());
  if (!leaving) keep();
}

/** Empty the field at once: what is typed from now on belongs to where the person goes. */
function leave(): void {
  if (readConversation() !== conversation) return;
  if (!leaving) keep();
  clearTimeout(leaving);
  leaving = window.setTimeout(stay, LONGEST_WAY_MS);
  fill("");
}

function stay(): void {
  leaving = 0;
  if (findField()?.value) keep();
  else restore();
}

function arrive(next: string): void {
  clearTimeout(leaving);
  [conversation, hasSentFirst, leaving] = [next, false, 0];
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
  const hasTyped = leaving !== 0 && findField()?.value;
  if (isSame) sessionStorage.removeItem(PREFIX);
  arrive(next);
  if (isSame || hasTyped) keep();
  else restore();
}

function restore(): void {
  fill(sessionStorage.getItem(PREFIX + conversation) ?? "");
}

function fill(draft: string): void {
  const current = findField();
  if (!current || current.value === draft) return;
  // React reads the value of a field that it draws only when it is told by such an event.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(current, draft);
  isFilling = true;
  current.dispatchEvent(new Event("input", { bubbles: true }));
  isFilling = false;
}
