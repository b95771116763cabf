import { vi } from "vitest";

import type { ExchangeEvent, Message, Transcript } from "../../src/transcript/types";

/** A stream of events that the test sends itself. */
export class FakeEventSource extends EventTarget {
  static opened: FakeEventSource[] = [];
  onerror: (() => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {
    super();
    FakeEventSource.opened.push(this);
  }

  static get last(): FakeEventSource {
    const source = FakeEventSource.opened.at(-1);
    if (!source) throw new Error("no stream was opened");
    return source;
  }

  send(name: string, data: unknown, id = ""): void {
    const init = { data: JSON.stringify(data), lastEventId: id };
    this.dispatchEvent(new MessageEvent(name, init));
  }

  fail(): void {
    this.onerror?.();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The API of one server: its conversations, and what was asked of it. */
export class FakeServer {
  readonly transcripts = new Map<string, Transcript>();
  readonly requests: string[] = [];
  isAway = false;

  readonly fetch = (input: string, init?: RequestInit): Promise<Response> => {
    const url = new URL(input);
    this.requests.push(`${init?.method ?? "GET"} ${url.pathname}${url.search}`);
    if (this.isAway) return Promise.reject(new TypeError("Failed to fetch"));
    if (init?.method === "POST") return Promise.resolve(new Response(null, { status: 204 }));
    const found = this.transcripts.get(url.pathname.split("/")[2] ?? "");
    const response = Response.json(found ?? {}, { status: found ? 200 : 404 });
    return Promise.resolve(response);
  };
}

class Unobserved {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

/** Put what jsdom lacks into its place; return the server that is asked. */
export function startBrowser(): FakeServer {
  const server = new FakeServer();
  FakeEventSource.opened = [];
  document.body.innerHTML = "";
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("ResizeObserver", Unobserved);
  vi.stubGlobal("IntersectionObserver", Unobserved);
  vi.stubGlobal("CSS", { escape: (text: string) => text });
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  return server;
}

/** Return a message, with `more` in place of what it has by default. */
export function makeMessage(id: string, more: Partial<Message> = {}): Message {
  const role = id.startsWith("p") ? "user" : "assistant";
  return {
    id,
    role,
    content: `Text of ${id}`,
    thinking: "",
    state: "done",
    model: "test:1b",
    created_at: 0,
    versions: [],
    files: [],
    error: null,
    notes: [],
    figures: "",
    thought_s: null,
    may_retry: false,
    may_continue: false,
    ...more,
  };
}

/** Return a conversation of these messages. */
export function makeTranscript(id: string, messages: Message[]): Transcript {
  return { id, title: "", model: "test:1b", messages, boundary: null, usage: null };
}

/** Return the first event of an answer of which nothing has come yet. */
export function makeExchange(prompt: string, answer: string): ExchangeEvent {
  const begun = makeMessage(answer, { content: "", state: "writing" });
  return { prompt: makeMessage(prompt), answer: begun };
}

/** Return the last event of an answer, with `more` in place of what it has by default. */
export function makeEnd(answer: string, more: object = {}): object {
  const ended = { ...makeMessage(answer), content: null, thinking: null, ...more };
  return { answer: ended, usage: null, boundary: null, title: "Title", refresh: false };
}
