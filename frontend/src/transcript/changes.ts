import type { EndEvent, ExchangeEvent, GenerationEvents, Message, Transcript } from "./types";

/** The open conversation as the browser knows it. */
export type Conversation = Pick<Transcript, "title" | "messages" | "boundary" | "usage">;

/** A conversation before anything of it came. */
export const EMPTY: Conversation = { title: "", messages: [], boundary: null, usage: null };

/** Return what identifies a message's place: all its versions share it. */
export function placeOf(message: Message): string {
  return message.versions[0] ?? message.id;
}

/** Return the conversation with this exchange at its place: below its prompt or at the end. */
export function putExchange(conversation: Conversation, event: ExchangeEvent): Conversation {
  const exchange = [event.prompt, event.answer].filter((message) => message !== null);
  const places = new Set(exchange.map(placeOf));
  const start = conversation.messages.findIndex((message) => places.has(placeOf(message)));
  const earlier = start < 0 ? conversation.messages : conversation.messages.slice(0, start);
  return { ...conversation, messages: [...earlier, ...exchange], usage: null };
}

/** Return the conversation with one message changed. */
export function changeMessage(
  conversation: Conversation,
  id: string,
  change: (message: Message) => Message,
): Conversation {
  const messages = conversation.messages.map((message) =>
    message.id === id ? change(message) : message,
  );
  return { ...conversation, messages };
}

/** Return the conversation after the end of the answer. */
export function putEnd(conversation: Conversation, event: EndEvent): Conversation {
  const ended = changeMessage(conversation, event.answer.id, (message) => ({
    ...event.answer,
    content: event.answer.content ?? message.content,
    thinking: event.answer.thinking ?? message.thinking,
  }));
  return { ...ended, title: event.title, usage: event.usage, boundary: event.boundary };
}

/** Return what was fetched; the answer that is followed may be further than it, or not in it yet. */
export function putTranscript(fetched: Transcript, before: Conversation, followed: string | null): Conversation {
  const { title, messages, boundary, usage } = fetched;
  const conversation = { title, messages, boundary, usage };
  const index = before.messages.findIndex((message) => message.id === followed);
  const answer = before.messages[index];
  const stored = messages.find((message) => message.id === followed);
  if (!answer || (stored && stored.state !== "writing")) return conversation;
  const above = before.messages[index - 1];
  return putExchange(conversation, { prompt: above?.role === "user" ? above : null, answer });
}

/** Return the answer with what an event of its text or thinking brings. */
export function growAnswer<Name extends "message" | "thinking" | "moved">(
  answer: Message,
  name: Name,
  data: GenerationEvents[Name],
): Message {
  if (name === "message") return { ...answer, content: answer.content + String(data) };
  if (name === "thinking") return { ...answer, thinking: answer.thinking + String(data) };
  return { ...answer, thinking: answer.thinking + answer.content, content: "" };
}
