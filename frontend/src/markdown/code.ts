// The card of a code block: its language, its buttons, and its colours, which come later.
import { copyText } from "../clipboard";
import { text } from "../texts";
import type { Code } from "./env";
import { CHECK_ICON, COPY_ICON, WRAP_ICON } from "./icons";
import { cutPlain } from "./limits";
import { morphChildren } from "./morph";
import { nameLanguage } from "./names";
import { sanitize } from "./sanitize";
import { watchOverflow } from "./overflow";
import { idle, pause, track } from "./work";

const MAX_HIGHLIGHTED_CHARS = 50_000;
const PARTS_A_TASK = 16;
const MIN_PAUSE_MS = 250;
const COPIED_MS = 2_000;

interface Card {
  code: Code;
  element: HTMLElement;
  label: HTMLElement;
  isQueued: boolean;
  pause_ms: number;
}

const cards = new WeakMap<Element, Card>();
let highlighter: Promise<typeof import("./languages") | null> | undefined;

/** Show `code` in a card, which is filled at the first call and changed at later ones. */
export function drawCode(element: Element, code: Code): void {
  const card = cards.get(element) ?? createCard(element);
  if (card.code.text === code.text && card.code.language === code.language) return;
  card.label.textContent = nameLanguage(code.language);
  const before = card.code.text;
  card.code = code;
  setCode(card, before);
  if (!card.isQueued && code.language && code.text.length <= MAX_HIGHLIGHTED_CHARS) {
    card.isQueued = true;
    track(colour(card));
  }
}

/** Let the buttons of the code blocks in `root` work, and the links to footnotes. */
export function installCodeActions(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest<HTMLElement>(".chat-code button");
    if (button) void actOn(button);
    const link = target?.closest('a[href^="#fn"]');
    if (link) followFootnote(event, link);
  });
}

function createCard(element: Element): Card {
  element.innerHTML =
    '<div class="chat-code-head"><span class="chat-code-language"></span>' +
    `<button type="button" data-act="wrap" aria-pressed="false">${WRAP_ICON}</button>` +
    `<button type="button" data-act="copy-code">${COPY_ICON}<span></span></button></div>` +
    '<pre dir="ltr"><code></code></pre>';
  const [wrap, copy] = element.querySelectorAll("button");
  nameButton(wrap!, text("wrap_lines"));
  copy!.lastElementChild!.textContent = text("copy");
  nameButton(copy!, text("copy_code"));
  watchOverflow(element.querySelector("pre")!, () => text("code"));
  const card = {
    element: element.querySelector("code")!,
    label: element.querySelector<HTMLElement>(".chat-code-language")!,
    code: { text: "", language: "" },
    isQueued: false,
    pause_ms: 0,
  };
  cards.set(element, card);
  return card;
}

function nameButton(button: Element, name: string): void {
  button.setAttribute("aria-label", name);
  button.setAttribute("title", name);
}

// What is coloured stays so; the end that came after it is plain until the next colouring.
function setCode(card: Card, before: string): void {
  const { code, element } = card;
  if (code.text.length > MAX_HIGHLIGHTED_CHARS) {
    track(fillInParts(card));
  } else if (before && code.text.startsWith(before)) {
    appendText(element, code.text.slice(before.length));
  } else {
    element.textContent = code.text;
  }
}

function appendText(element: HTMLElement, addition: string): void {
  if (element.lastChild instanceof Text) element.lastChild.appendData(addition);
  else element.append(addition);
}

// Parts that are out of sight cost no layout.
async function fillInParts(card: Card): Promise<void> {
  const { code, element } = card;
  if (!element.firstElementChild?.classList.contains("chat-code-part")) element.replaceChildren();
  const done = element.textContent ?? "";
  const kept = code.text.startsWith(done) ? done.length : 0;
  if (!kept) element.replaceChildren();
  let sinceLast = 0;
  for (const part of cutPlain(code.text.slice(kept))) {
    element.append(createPart(part));
    if (++sinceLast % PARTS_A_TASK === 0) await pause();
    if (card.code !== code) return;
  }
}

function createPart(source: string): HTMLElement {
  const part = document.createElement("span");
  part.className = "chat-code-part";
  part.textContent = source;
  part.style.containIntrinsicHeight = `auto ${source.split("\n").length * 1.5}em`;
  return part;
}

async function colour(card: Card): Promise<void> {
  await pause(card.pause_ms);
  await idle();
  highlighter ??= import("./languages").catch(() => null);
  const module = await highlighter;
  card.isQueued = false;
  const { code, element } = card;
  if (!module || !element.isConnected && !element.parentNode) return;
  const start_ms = performance.now();
  const html = module.highlight(code.text, code.language.toLowerCase());
  if (html !== null) morphChildren(element, sanitize(html));
  card.pause_ms = Math.max(MIN_PAUSE_MS, 10 * (performance.now() - start_ms));
}

async function actOn(button: HTMLElement): Promise<void> {
  const card = button.closest(".chat-code")!;
  if (button.dataset.act === "wrap") {
    const isWrapped = card.classList.toggle("chat-wrapped");
    button.setAttribute("aria-pressed", String(isWrapped));
  } else if (button.dataset.act === "copy-code") {
    showCopied(button, await copyText(cards.get(card)?.code.text ?? ""));
  }
}

function showCopied(button: HTMLElement, isCopied: boolean): void {
  const set = (icon: string, word: string, name: string) => {
    button.innerHTML = `${icon}<span></span>`;
    button.lastElementChild!.textContent = word;
    nameButton(button, name);
  };
  if (!isCopied) return set(COPY_ICON, text("copy_failed"), text("copy_failed"));
  set(CHECK_ICON, text("copied"), text("copied"));
  setTimeout(() => set(COPY_ICON, text("copy"), text("copy_code")), COPIED_MS);
}

// The address stays, or going back would lead from note to note instead of to the conversation before.
function followFootnote(event: Event, link: Element): void {
  event.preventDefault();
  const target = document.getElementById(link.getAttribute("href")!.slice(1));
  if (!target) return;
  if (!target.matches("a")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: "nearest" });
}
