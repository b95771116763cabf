import { expect, test } from "vitest";

import { EMPTY, growAnswer, putEnd, putExchange, putTranscript } from "../../src/transcript/changes";
import type { EndEvent } from "../../src/transcript/types";
import { makeEnd, makeExchange, makeMessage, makeTranscript } from "./support";

const ids = ({ messages }: { messages: { id: string }[] }): string[] => messages.map(({ id }) => id);
const CONVERSATION = {
  ...EMPTY,
  messages: ["p1", "a1", "p2", "a2"].map((id) => makeMessage(id)),
};

test("a new exchange stands at the end", () => {
  expect(ids(putExchange(CONVERSATION, makeExchange("p3", "a3")))).toEqual([
    "p1",
    "a1",
    "p2",
    "a2",
    "p3",
    "a3",
  ]);
});

test("an answer given again takes the place of its other version, and what followed it goes", () => {
  const event = makeExchange("p1", "a1-2");
  event.answer.versions = ["a1", "a1-2"];
  expect(ids(putExchange(CONVERSATION, event))).toEqual(["p1", "a1-2"]);
});

test("an edited prompt takes the place of its other version", () => {
  const event = makeExchange("p2-2", "a9");
  event.prompt!.versions = ["p2", "p2-2"];
  expect(ids(putExchange(CONVERSATION, event))).toEqual(["p1", "a1", "p2-2", "a9"]);
});

test("an answer without its prompt is put below the prompt that stands there", () => {
  const event = { ...makeExchange("p2", "a2-2"), prompt: null };
  event.answer.versions = ["a2", "a2-2"];
  expect(ids(putExchange(CONVERSATION, event))).toEqual(["p1", "a1", "p2", "a2-2"]);
});

test("what was taken for text moves into the thinking", () => {
  const answer = makeMessage("a1", { content: "Let me see.", thinking: "Well. " });
  expect(growAnswer(answer, "moved", {})).toMatchObject({
    content: "",
    thinking: "Well. Let me see.",
  });
});

test("the end keeps the text that came, unless it brings another one", () => {
  const kept = putEnd(CONVERSATION, makeEnd("a2", { state: "stopped" }) as EndEvent);
  expect(kept.messages.at(-1)).toMatchObject({ content: "Text of a2", state: "stopped" });
  const changed = putEnd(CONVERSATION, makeEnd("a2", { content: "Other" }) as EndEvent);
  expect(changed.messages.at(-1)?.content).toBe("Other");
});

test("fetched messages do not set back the answer that is followed", () => {
  const live = makeMessage("a2", { content: "Longer text", state: "writing" });
  const before = { ...EMPTY, messages: [makeMessage("p2"), live] };
  const saved = makeMessage("a2", { content: "Long", state: "writing" });
  const fetched = makeTranscript("c", [makeMessage("p2"), saved]);
  expect(putTranscript(fetched, before, "a2").messages.at(-1)).toBe(live);
});

test("fetched messages that are older than the followed exchange do not lose it", () => {
  const before = putExchange(EMPTY, makeExchange("p2", "a2"));
  const fetched = makeTranscript("c", [makeMessage("p1"), makeMessage("a1")]);
  expect(ids(putTranscript(fetched, before, "a2"))).toEqual(["p1", "a1", "p2", "a2"]);
});

test("a followed answer that has ended elsewhere is taken as it ended", () => {
  const before = putExchange(EMPTY, makeExchange("p1", "a1"));
  const fetched = makeTranscript("c", [makeMessage("p1"), makeMessage("a1")]);
  expect(putTranscript(fetched, before, "a1").messages.at(-1)?.state).toBe("done");
});
