import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { TranscriptStore, type Occurrence } from "../../src/transcript/store";
import type { Act, PageData } from "../../src/transcript/types";
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
let acts: Act[];
let occurrences: string[];

const page = (more: Partial<PageData> = {}): PageData => ({
  conversation: "c1",
  revision: 1,
  writing: null,
  visitor: "",
  models: { small: false },
  ...more,
});
const update = (more: Partial<PageData> = {}): void =>
  store.update(page(more), (act) => acts.push(act));
const shown = (): string[] => store.state.messages.map(({ id }) => id);

beforeEach(() => {
  vi.useFakeTimers();
  server = startBrowser();
  server.transcripts.set("c1", makeTranscript("c1", [makeMessage("p1"), makeMessage("a1")]));
  server.transcripts.set("c2", makeTranscript("c2", [makeMessage("p7"), makeMessage("a7")]));
  store = new TranscriptStore();
  acts = [];
  occurrences = [];
  store.onOccurrence(({ kind }: Occurrence) => occurrences.push(kind));
});
afterEach(() => {
  store.rest();
  vi.useRealTimers();
});

test("an open conversation is fetched once, and again when it changed", async () => {
  update();
  update();
  await vi.waitFor(() => expect(shown()).toEqual(["p1", "a1"]));
  expect(server.requests).toEqual(["GET /conversations/c1/messages"]);
  update({ revision: 2 });
  await vi.waitFor(() => expect(server.requests).toHaveLength(2));
});

test("a visitor without cookies is named in each address", async () => {
  update({ visitor: "v.1", writing: "a2" });
  await store.stop();
  expect(FakeEventSource.last.url).toContain("/generations/a2/events?visitor=v.1");
  expect(server.requests).toEqual([
    "GET /conversations/c1/messages?visitor=v.1",
    "POST /generations/a2/stop?visitor=v.1",
  ]);
});

test("no conversation is the welcome, and asks nothing", () => {
  update({ conversation: null });
  expect(store.state).toMatchObject({ id: null, phase: "ready", messages: [] });
  expect(server.requests).toEqual([]);
});

test("a sent prompt appears with its answer, which grows to its end", async () => {
  update();
  await vi.waitFor(() => expect(shown()).toHaveLength(2));
  update({ writing: "a2" });
  const stream = FakeEventSource.last;
  stream.send("exchange", makeExchange("p2", "a2"));
  stream.send("wait", { text: "Reading the prompt…" });
  expect(store.state.wait?.text).toBe("Reading the prompt…");
  stream.send("message", "Hello", "0.5");
  stream.send("message", " there", "0.11");
  expect(store.state.messages.at(-1)).toMatchObject({ content: "Hello there", state: "writing" });
  expect(store.state.wait).toBeNull();
  stream.send("end", { ...makeEnd("a2"), refresh: true });
  expect(store.state).toMatchObject({ writing: null, title: "Title" });
  expect(shown()).toEqual(["p1", "a1", "p2", "a2"]);
  expect(acts).toEqual([{ act: "refresh" }]);
  expect(occurrences).toEqual(["sent", "begun", "ended"]);
  expect(stream.isClosed).toBe(true);
});

test("an answer that another prompt ended is shown as ended, also if its end did not come", async () => {
  update();
  await vi.waitFor(() => expect(shown()).toHaveLength(2));
  update({ writing: "a2" });
  FakeEventSource.last.send("exchange", makeExchange("p2", "a2"));
  FakeEventSource.last.send("message", "Hello", "0.5");
  const stopped = makeMessage("a2", { content: "Hello", state: "stopped" });
  const ended = [makeMessage("p1"), makeMessage("a1"), makeMessage("p2"), stopped];
  server.transcripts.set("c1", makeTranscript("c1", ended));
  update({ writing: "a3" });
  await vi.waitFor(() => expect(store.state.messages.at(-1)?.state).toBe("stopped"));
});

test("an answer is told to have begun where its messages are here before its first event", async () => {
  const writing = makeMessage("a7", { content: "", state: "writing" });
  server.transcripts.set("c2", makeTranscript("c2", [makeMessage("p7"), writing]));
  update({ conversation: null });
  update({ conversation: "c2", writing: "a7" });
  await vi.waitFor(() => expect(shown()).toEqual(["p7", "a7"]));
  FakeEventSource.last.send("exchange", makeExchange("p7", "a7"));
  FakeEventSource.last.send("exchange", makeExchange("p7", "a7")); // as after a restart
  expect(occurrences).toEqual(["sent", "begun"]);
});

test("the thinking is timed from its first word to the first word of the text", () => {
  update({ writing: "a2" });
  const stream = FakeEventSource.last;
  stream.send("exchange", makeExchange("p2", "a2"));
  stream.send("thinking", "Hm");
  vi.advanceTimersByTime(3000);
  stream.send("message", "So");
  const { thinkingSince, thoughtUntil } = store.state;
  expect(Number(thoughtUntil) - Number(thinkingSince)).toBe(3000);
});

test("coming back to an answer that is written follows it, though no run names it", async () => {
  const writing = makeMessage("a2", { content: "So far", state: "writing" });
  server.transcripts.set("c1", makeTranscript("c1", [makeMessage("p2"), writing]));
  update();
  await vi.waitFor(() => expect(FakeEventSource.last.url).toContain("/generations/a2/events"));
  expect(store.state.writing).toBe("a2");
});

test("leaving a conversation closes its stream, and what still comes of it is dropped", async () => {
  update({ writing: "a2" });
  const stream = FakeEventSource.last;
  update({ conversation: "c2" });
  expect(stream.isClosed).toBe(true);
  stream.send("exchange", makeExchange("p2", "a2"));
  await vi.waitFor(() => expect(shown()).toEqual(["p7", "a7"]));
  expect(store.state.writing).toBeNull();
});

test("a lost stream is resumed after the last event", async () => {
  update({ writing: "a2" });
  const first = FakeEventSource.last;
  first.send("exchange", makeExchange("p2", "a2"), "0.0");
  first.send("message", "Hello", "0.5");
  first.fail();
  await vi.advanceTimersByTimeAsync(600);
  const second = FakeEventSource.last;
  expect(second).not.toBe(first);
  expect(second.url).toContain("last=0.5");
  second.send("message", " there", "0.11");
  expect(store.state.messages.at(-1)?.content).toBe("Hello there");
});

test("a lost server is told of, and what came meanwhile is there when it is back", async () => {
  update({ writing: "a2" });
  FakeEventSource.last.send("exchange", makeExchange("p2", "a2"));
  server.isAway = true;
  FakeEventSource.last.fail();
  await vi.advanceTimersByTimeAsync(600);
  FakeEventSource.last.fail();
  await vi.advanceTimersByTimeAsync(3000);
  expect(store.state.isOffline).toBe(true);
  server.isAway = false;
  const messages = [makeMessage("p2"), makeMessage("a2", { content: "All of it" })];
  server.transcripts.set("c1", makeTranscript("c1", messages));
  window.dispatchEvent(new Event("online"));
  await vi.waitFor(() => expect(store.state.isOffline).toBe(false));
  expect(store.state.writing).toBeNull();
  expect(store.state.messages.at(-1)?.content).toBe("All of it");
  expect(occurrences.at(-1)).toBe("ended");
});

test("a conversation that was deleted elsewhere is said to be gone", async () => {
  server.transcripts.delete("c1");
  update();
  await vi.waitFor(() => expect(store.state.phase).toBe("gone"));
});

test("a stop is shown at once, and can be asked again if it failed", async () => {
  update({ writing: "a2" });
  server.isAway = true;
  const stopping = store.stop();
  expect(store.state.isStopping).toBe(true);
  await stopping;
  expect(store.state.isStopping).toBe(false);
});

test("a page that was away for long follows again when it is back", () => {
  update({ writing: "a2" });
  const stream = FakeEventSource.last;
  store.rest();
  expect(stream.isClosed).toBe(true);
  update({ writing: "a2" });
  expect(FakeEventSource.last).not.toBe(stream);
});
