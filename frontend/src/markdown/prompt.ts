// A prompt, shown as it was typed.
import { text } from "../texts";
import { drawCode } from "./code";
import type { Code } from "./env";
import { cutPlain } from "./limits";
import { findLinks } from "./parser";

const MAX_LINES = 12;
const LINE_CHARS = 80;
const MAX_LINKED_CHARS = 100_000;
const OPENING = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const CLOSING = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[`~]*[ \t\r]*$/;

/** Show a prompt in `container`: every character as typed, fenced code as code, a long one clamped. */
export function renderPrompt(container: HTMLElement, source: string): void {
  const parts = document.createElement("div");
  parts.className = "chat-prompt";
  parts.append(...createParts(source));
  container.replaceChildren(parts);
  if (countLines(source) > MAX_LINES) container.append(createClamp(parts));
}

function createParts(source: string): Element[] {
  const lines = source.split("\n");
  const join = (start: number, end?: number) => lines.slice(start, end).join("\n");
  const elements: Element[] = [];
  const hopeless = new Map<string, number>();
  let textStart = 0;
  for (let at = 0; at < lines.length; at++) {
    const [, fence, info = ""] = OPENING.exec(lines[at]!) ?? [];
    const end = fence ? findClosing(lines, at + 1, fence, hopeless) : -1;
    if (end < 0) continue;
    const language = info.trim().split(/\s/)[0]!;
    elements.push(...createText(join(textStart, at)), createCode({ language, text: join(at + 1, end) }));
    at = end;
    textStart = end + 1;
  }
  return [...elements, ...createText(join(textStart))];
}

// `hopeless` has the length of the shortest fence that nothing closes, by its character.
function findClosing(lines: string[], start: number, fence: string, hopeless: Map<string, number>): number {
  const mark = fence[0]!;
  if (fence.length >= (hopeless.get(mark) ?? Infinity)) return -1;
  for (let at = start; at < lines.length; at++) {
    if (CLOSING.exec(lines[at]!)?.[1]!.startsWith(fence)) return at;
  }
  hopeless.set(mark, fence.length);
  return -1;
}

function createCode(code: Code): Element {
  const element = document.createElement("div");
  element.className = "chat-code";
  drawCode(element, code);
  return element;
}

function createText(source: string): Element[] {
  if (!source.trim()) return [];
  return [...cutPlain(source)].map((part) => {
    const element = document.createElement("div");
    element.className = "chat-prompt-text";
    element.dir = "auto";
    element.append(...(source.length > MAX_LINKED_CHARS ? [part] : linkAddresses(part)));
    return element;
  });
}

function linkAddresses(source: string): (string | Element)[] {
  const nodes: (string | Element)[] = [];
  let last = 0;
  for (const { index, lastIndex, url } of findLinks(source)) {
    nodes.push(source.slice(last, index), createLink(url, source.slice(index, lastIndex)));
    last = lastIndex;
  }
  return [...nodes, source.slice(last)];
}

function createLink(url: string, label: string): Element {
  const link = document.createElement("a");
  Object.assign(link, { href: url, target: "_blank", rel: "noopener noreferrer", referrerPolicy: "no-referrer", textContent: label });
  return link;
}

function countLines(source: string): number {
  return source.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_CHARS)), 0);
}

function createClamp(parts: HTMLElement): Element {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chat-prompt-more";
  const show = (isClamped: boolean) => {
    parts.classList.toggle("chat-clamped", isClamped);
    button.textContent = text(isClamped ? "show_all" : "show_less");
    button.setAttribute("aria-expanded", String(!isClamped));
  };
  button.addEventListener("click", () => show(!parts.classList.contains("chat-clamped")));
  show(true);
  return button;
}
