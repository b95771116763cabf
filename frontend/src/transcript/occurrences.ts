import { text } from "../texts";
import { announce, announceError } from "./announcer";
import { endFollower } from "./scrolling";
import type { Occurrence, TranscriptStore } from "./store";
import { focusField } from "../shared/streamlit";
import type { Message } from "./types";

const UNSPOKEN = '[aria-hidden="true"], button, .chat-code-language';
const DRAWN_MS = 300; // by then the end of an answer is drawn

/** Tell screen readers what happens to an answer, and put scroll and focus where it needs them. */
export function reportToReaders(store: TranscriptStore): void {
  store.onOccurrence((occurrence: Occurrence) => {
    if (occurrence.kind === "sent") endFollower.goToEnd();
    else if (occurrence.kind === "begun") announce(text("answering"));
    else setTimeout(() => tellEnd(occurrence.answer), DRAWN_MS);
  });
}

function tellEnd(answer: Message): void {
  if (answer.error) announceError(answer.error.text);
  else announce([...describeEnd(answer), readAnswer(answer)].join(" "));
  if (isFocusFree()) focusField();
}

function describeEnd({ state, notes }: Message): string[] {
  if (state === "done") return [text("answer_finished"), ...notes];
  return state === "stopped" ? [text("answer_stopped")] : notes;
}

/** Return the answer's words as they stand, without what only eyes need. */
function readAnswer(answer: Message): string {
  const selector = `.chat-message[data-message="${CSS.escape(answer.id)}"] > .chat-body`;
  const body = document.querySelector(selector);
  if (!body) return answer.content;
  const words: string[] = [];
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode as Text;
    if (!parentElement?.closest(UNSPOKEN) && data.trim()) words.push(data.trim());
  }
  return words.join(" ");
}

function isFocusFree(): boolean {
  const focused = document.activeElement;
  return !focused || focused === document.body || focused.matches(".stMain, .chat-stop");
}
