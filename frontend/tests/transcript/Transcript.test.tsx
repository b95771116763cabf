import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { StoreContext } from "../../src/transcript/context";
import { TranscriptStore } from "../../src/transcript/store";
import { Transcript } from "../../src/transcript/Transcript";
import type { Act, Message, PageData, Transcript as Fetched } from "../../src/transcript/types";
import {
  FakeEventSource,
  type FakeServer,
  makeEnd,
  makeExchange,
  makeMessage,
  makeTranscript,
  startBrowser,
} from "./support";

let server: FakeServer;
let store: TranscriptStore;
let host: HTMLElement;
let acts: Act[];

beforeEach(() => {
  server = startBrowser();
  host = document.createElement("div");
  document.body.append(host);
  store = new TranscriptStore();
  acts = [];
  render(
    <StoreContext.Provider value={store}>
      <Transcript />
    </StoreContext.Provider>,
    host,
  );
});
afterEach(() => {
  render(null, host);
  store.rest();
});

function update(more: Partial<PageData>): void {
  const page = { conversation: "c", revision: 1, writing: null, visitor: "" };
  store.update({ ...page, models: { small: false }, ...more }, (act) => acts.push(act));
}

async function open(messages: Message[], more: Partial<Fetched> = {}): Promise<void> {
  server.transcripts.set("c", { ...makeTranscript("c", messages), ...more });
  update({ revision: Math.random() });
  await vi.waitFor(() => expect(list(".chat-message")).toHaveLength(messages.length));
}

const list = (selector: string): HTMLElement[] => [...host.querySelectorAll<HTMLElement>(selector)];

function find<Found extends HTMLElement>(message: string, selector: string): Found {
  const found = host.querySelector<Found>(`[data-message="${message}"] ${selector}`);
  if (!found) throw new Error(`${message} has no ${selector}`);
  return found;
}

const press = (message: string, act: string): void => find(message, `[data-act="${act}"]`).click();

test("the welcome sends a starter, and leads from the small model to a better one", async () => {
  update({ conversation: null, models: { small: true } });
  await vi.waitFor(() => expect(list(".chat-small-model button")).toHaveLength(1));
  list(".chat-starter")[1]!.click();
  list(".chat-small-model button")[0]!.click();
  expect(acts).toEqual([{ act: "send", text: "starter_2" }, { act: "models" }]);
});

test("each act is one click", async () => {
  await open([makeMessage("p1"), makeMessage("a1", { may_continue: true, figures: "9 tokens/s" })]);
  press("a1", "again");
  press("a1", "continue");
  expect(acts).toEqual([
    { act: "again", message: "a1" },
    { act: "continue", message: "a1" },
  ]);
});

test("figures are one line, on demand", async () => {
  await open([makeMessage("p1"), makeMessage("a1", { figures: "9 tokens/s" })]);
  expect(list(".chat-figures")).toHaveLength(0);
  press("a1", "figures");
  await vi.waitFor(() => expect(find("a1", ".chat-figures").textContent).toBe("9 tokens/s"));
});

test("an exchange is deleted at the second click", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  press("p1", "delete");
  await vi.waitFor(() => expect(find("p1", ".chat-delete").dataset.armed).toBe("true"));
  expect(acts).toEqual([]);
  press("p1", "delete");
  expect(acts).toEqual([{ act: "delete", message: "p1" }]);
});

test("Escape takes the first click on delete back", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  press("p1", "delete");
  await vi.waitFor(() => expect(find("p1", ".chat-delete").dataset.armed).toBe("true"));
  await new Promise((resolve) => setTimeout(resolve));
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  await vi.waitFor(() => expect(find("p1", ".chat-delete").dataset.armed).toBe("false"));
});

test("the versions of a message are turned, and the button that turns keeps the focus", async () => {
  const versions = ["a1", "a2", "a3"];
  await open([makeMessage("p1"), makeMessage("a2", { versions })]);
  expect(find("a2", ".chat-versions").textContent).toBe("2/3");
  find("a2", '[data-act="next"]').focus();
  press("a2", "next");
  press("a2", "previous");
  expect(acts).toEqual([
    { act: "show", message: "a3" },
    { act: "show", message: "a1" },
  ]);
  await open([makeMessage("p1"), makeMessage("a3", { versions })]);
  await vi.waitFor(() => expect(find("a3", ".chat-versions").textContent).toBe("3/3"));
  expect(document.activeElement).toBe(find("a3", '[data-act="next"]'));
  press("a3", "next");
  expect(acts).toHaveLength(2);
});

test("a prompt is edited in its place, and what was typed stays if the edit is refused", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  press("p1", "edit");
  await vi.waitFor(() => find("p1", "textarea"));
  const field = find<HTMLTextAreaElement>("p1", "textarea");
  expect(document.activeElement).toBe(field);
  field.value = "Better words";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.waitFor(() => expect(list("[data-draft='Better words']")).toHaveLength(1));
  press("p1", "send");
  expect(acts).toEqual([{ act: "edit", message: "p1", text: "Better words" }]);
  update({ revision: 2 });
  expect(find<HTMLTextAreaElement>("p1", "textarea").value).toBe("Better words");
});

test("the new version takes the place of the field in which it was edited", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  press("p1", "edit");
  await vi.waitFor(() => find("p1", "textarea"));
  update({ writing: "a2" });
  const exchange = makeExchange("p2", "a2");
  exchange.prompt!.versions = ["p1", "p2"];
  FakeEventSource.last.send("exchange", exchange);
  await vi.waitFor(() => expect(find("p2", ".chat-body").textContent).toBe("Text of p2"));
  expect(list("textarea")).toHaveLength(0);
});

test("the thinking is open until the text begins, then folds", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  update({ writing: "a2" });
  const stream = FakeEventSource.last;
  stream.send("exchange", makeExchange("p2", "a2"));
  stream.send("thinking", "Well");
  await vi.waitFor(() => expect(find<HTMLDetailsElement>("a2", "details").open).toBe(true));
  stream.send("message", "So");
  await vi.waitFor(() => expect(find<HTMLDetailsElement>("a2", "details").open).toBe(false));
});

test("the thinking stays as the reader wants it", async () => {
  await open([makeMessage("p1"), makeMessage("a1", { thinking: "Well", thought_s: 5 })]);
  find("a1", "summary").click();
  await vi.waitFor(() => expect(find("a1", "details").textContent).toContain("Well"));
  await open([makeMessage("p1"), makeMessage("a1", { thinking: "Well", notes: ["New"] })]);
  await vi.waitFor(() => find("a1", ".chat-notes"));
  expect(find<HTMLDetailsElement>("a1", "details").open).toBe(true);
});

test("how an answer ended is always told", async () => {
  await open([makeMessage("p1"), makeMessage("a1", { state: "stopped", notes: ["Stopped", "Cut"] })]);
  expect(find("a1", ".chat-notes").textContent).toBe("Stopped · Cut");
});

test("an answer that was stopped is given again or gone on with by one click", async () => {
  const more = { state: "stopped" as const, may_retry: true, may_continue: true };
  await open([makeMessage("p1"), makeMessage("a1", more)]);
  press("a1", "again");
  press("a1", "continue");
  expect(acts.map(({ act }) => act)).toEqual(["again", "continue"]);
});

test("an error is told as it is, with what may help", async () => {
  const error = { code: "model_missing", text: "**big** is not installed." };
  const failed = makeMessage("a1", { content: "", state: "failed", error, may_retry: true });
  const offers = [{ act: "pull" as const, label: "Pull big", model: "big" }];
  const usage = { used: 1, window: 2, exact: true, text: "1 of 2", warning: "", offers };
  await open([makeMessage("p1"), failed], { usage });
  expect(find("a1", ".chat-error p").textContent).toBe("**big** is not installed.");
  press("a1", "retry");
  press("a1", "pull");
  expect(acts).toEqual([
    { act: "again", message: "a1" },
    { act: "pull", model: "big" },
  ]);
  expect(list(".chat-usage button")).toHaveLength(0);
});

test("a full window is told below the last answer, with cures", async () => {
  const offers = [{ act: "raise" as const, label: "Use 8,192 tokens", num_ctx: 8192 }];
  const usage = { used: 9, window: 10, exact: true, text: "9 of 10", warning: "Full", offers };
  await open([makeMessage("p1"), makeMessage("a1")], { usage });
  expect(list(".chat-usage")[0]!.textContent).toContain("9 of 10Full");
  list(".chat-usage button")[0]!.click();
  expect(acts).toEqual([{ act: "raise", num_ctx: 8192 }]);
});

test("the boundary stands above the first message that the model still reads", async () => {
  const boundary = { before: "p2", text: "Left out", summary: "They spoke of rain." };
  const messages = ["p1", "a1", "p2", "a2"].map((id) => makeMessage(id));
  await open(messages, { boundary });
  expect(list(".chat-boundary")[0]!.nextElementSibling).toBe(find("p2", ".chat-body").parentElement);
});

test("files of a prompt are pictures, or chips with name and size", async () => {
  const files = [
    { name: "cat.png", size: 9, image: "./files/1?v=x", thumbnail: "./files/1/thumbnail?v=x" },
    { name: "notes.txt", size: 12_345, image: null, thumbnail: null },
  ];
  await open([makeMessage("p1", { files }), makeMessage("a1")]);
  expect(find("p1", ".chat-picture").getAttribute("target")).toBe("_blank");
  expect(find<HTMLImageElement>("p1", "img").alt).toBe("cat.png");
  expect(find("p1", ".chat-file").textContent).toBe("notes.txt12 kB");
});

test("only the messages at the end are drawn before they come near to sight", async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `${index % 2 ? "a" : "p"}${index}`);
  await open(ids.map((id) => makeMessage(id, { content: "*word*" })));
  expect(list(".chat-far")).toHaveLength(16);
  expect(list(".chat-far")[0]!.textContent).toBe("*word*");
  expect(find("a19", "em").textContent).toBe("word");
});

test("while an answer grows, nothing else is drawn", async () => {
  await open([makeMessage("p1"), makeMessage("a1")]);
  update({ writing: "a2" });
  FakeEventSource.last.send("exchange", makeExchange("p2", "a2"));
  await vi.waitFor(() => find("a2", ".chat-wait"));
  const changed: Node[] = [];
  const observer = new MutationObserver((records) => changed.push(...records.map((r) => r.target)));
  observer.observe(host, { childList: true, characterData: true, attributes: true, subtree: true });
  FakeEventSource.last.send("message", "Hello");
  await vi.waitFor(() => expect(find("a2", ".chat-body").textContent).toContain("Hello"));
  const answer = find("a2", ".chat-body").parentElement!;
  expect(changed.every((node) => answer.contains(node))).toBe(true);
  FakeEventSource.last.send("end", makeEnd("a2"));
});
