import { beforeEach, expect, test, vi } from "vitest";

import { mountTranscript } from "../../src/transcript/mount";
import { FakeEventSource, makeExchange, makeMessage, makeTranscript, startBrowser } from "./support";

const acts: unknown[] = [];

function mount(place: HTMLElement, more: object = {}): () => void {
  const page = { conversation: "c", revision: 1, writing: null, visitor: "" };
  const data = { ...page, models: { small: false }, ...more };
  return mountTranscript({
    data,
    parentElement: place,
    setTriggerValue: (name, value) => acts.push([name, value]),
  });
}

function addPlace(): HTMLElement {
  const place = document.createElement("div");
  document.body.append(place);
  return place;
}

function press(key: string, target: Element = document.body): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

/** What stands below the page's messages: Streamlit's input. */
const INPUT = `<div data-testid="stBottom"><div data-testid="stChatInput">
  <textarea data-testid="stChatInputTextArea"></textarea>
  <button data-testid="stChatInputSubmitButton"></button></div></div>`;

beforeEach(() => {
  const server = startBrowser();
  document.body.innerHTML = INPUT;
  server.transcripts.set("c", makeTranscript("c", [makeMessage("p1"), makeMessage("a1")]));
});

// One page: each step goes on from the one before.
test("the transcript lives through a page that is drawn anew, and its keys act", async () => {
  const first = addPlace();
  const leave = mount(first);
  await vi.waitFor(() => expect(first.querySelectorAll(".chat-message")).toHaveLength(2));
  const message = first.querySelector(".chat-message");

  leave();
  first.remove();
  const second = addPlace();
  mount(second, { writing: "a2" });
  expect(second.querySelector(".chat-message")).toBe(message);
  mount(first, { writing: "a2" }); // a run that comes late for the place that is gone
  expect(second.querySelector(".chat-message")).toBe(message);

  const input = document.querySelector('[data-testid="stChatInput"]')!;
  const field = input.querySelector("textarea")!;
  expect(input.querySelector(".chat-stop")).not.toBeNull();
  FakeEventSource.last.send("exchange", makeExchange("p2", "a2"));
  expect(document.getElementById("chat-announcer")!.textContent).toBe("answering");

  input.querySelector(".chat-stop-place")!.remove(); // as React may do
  await vi.waitFor(() => expect(input.querySelector(".chat-stop")).not.toBeNull());

  const menu = document.body.appendChild(document.createElement("div"));
  menu.setAttribute("role", "menu");
  press("Escape");
  expect(input.querySelector(".chat-stop")!.getAttribute("aria-label")).toBe("stop");
  menu.remove();
  press("Escape");
  expect(input.querySelector(".chat-stop")!.getAttribute("aria-label")).toBe("stopping");

  press("ArrowUp", field);
  await vi.waitFor(() => expect(second.querySelector('[data-message="p2"] textarea')).not.toBeNull());
});
