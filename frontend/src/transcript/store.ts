import { ApiError, eventsUrl, fetchTranscript, stopGeneration } from "./api";
import { Backoff } from "./backoff";
import {
  EMPTY,
  changeMessage,
  growAnswer,
  putEnd,
  putExchange,
  putTranscript,
  type Conversation,
} from "./changes";
import { GenerationStream } from "./stream";
import type { Act, EndEvent, GenerationEvents, Message, PageData, Transcript } from "./types";

/** What the transcript shows. */
export interface TranscriptState extends Conversation {
  /** The open conversation; null before its first prompt. */
  id: string | null;
  /** Whether its messages are here, on their way, or no longer to be had. */
  phase: "loading" | "ready" | "gone";
  /** The answer that is written. */
  writing: string | null;
  /** What is said while nothing of it has come, and since when one waits (ms). */
  wait: { text: string; since: number } | null;
  /** When its thinking began and ended (ms). */
  thinkingSince: number | null;
  thoughtUntil: number | null;
  isStopping: boolean;
  /** The prompt that is edited. */
  editing: string | null;
  isOffline: boolean;
  hasSmallModel: boolean;
}

/** What happened to an answer, for who does not see it. */
export type Occurrence = { kind: "begun" | "ended"; answer: Message } | { kind: "sent" };

const NOTHING_WRITTEN = {
  writing: null,
  wait: null,
  thinkingSince: null,
  thoughtUntil: null,
  isStopping: false,
} as const;
const CLOSED = {
  ...EMPTY,
  ...NOTHING_WRITTEN,
  phase: "loading",
  isOffline: false,
  editing: null,
} as const;
const FAILURES_UNTIL_TOLD = 2;

/** Keeps what is shown of the open conversation: fed by the page's runs and by the API. */
export class TranscriptStore {
  state: TranscriptState = { ...CLOSED, id: null, hasSmallModel: false };
  private readonly changed = new Set<() => void>();
  private readonly occurred = new Set<(occurrence: Occurrence) => void>();
  private page: PageData | null = null;
  private ask: (act: Act) => void = () => undefined;
  private stream: GenerationStream | null = null;
  private fetching = 0;
  private known = new Set<string>(); // messages that were there before the answer that is followed

  /** Call `listener` after each change; return what ends that. */
  subscribe(listener: () => void): () => void {
    this.changed.add(listener);
    return () => this.changed.delete(listener);
  }

  /** Call `listener` when an answer begins or ends; return what ends that. */
  onOccurrence(listener: (occurrence: Occurrence) => void): () => void {
    this.occurred.add(listener);
    return () => this.occurred.delete(listener);
  }

  /** Take what a run of the page's script says, and the way to ask it for something. */
  update(page: PageData, ask: (act: Act) => void): void {
    const before = this.page;
    const written = this.state.writing;
    this.page = page;
    this.ask = ask;
    this.change({ hasSmallModel: page.models.small });
    if (!before || before.conversation !== page.conversation) this.open(page.conversation);
    else if (before.revision !== page.revision) void this.load();
    if (page.writing && page.writing !== before?.writing) {
      this.follow(page.writing);
      // The end of the one before may not have come yet, and its stream is closed now.
      if (written && written !== page.writing) void this.load();
    }
  }

  /** Ask the page's script to do something. */
  request(act: Act): void {
    this.ask(act);
  }

  /** Edit a prompt; null ends that. */
  edit(prompt: string | null): void {
    this.change({ editing: prompt });
  }

  /** End the answer that is written. */
  async stop(): Promise<void> {
    const { writing, isStopping } = this.state;
    if (!writing || isStopping) return;
    this.change({ isStopping: true });
    try {
      await stopGeneration(writing, this.visitor);
    } catch {
      this.change({ isStopping: false });
    }
  }

  /** Follow nothing while the page is away. */
  rest(): void {
    this.stream?.close();
    this.page = null;
  }

  /** What stands for a cookie in the API's addresses. */
  get visitor(): string {
    return this.page?.visitor ?? "";
  }

  private open(id: string | null): void {
    this.stream?.close();
    this.stream = null;
    this.fetching += 1;
    this.change({ ...CLOSED, id, phase: id ? "loading" : "ready" });
    if (id) void this.load();
  }

  /** Fetch the messages until they are here, or something else is open. */
  private async load(): Promise<void> {
    const id = this.state.id;
    const turn = (this.fetching += 1);
    const backoff = new Backoff();
    while (id && turn === this.fetching) {
      try {
        const fetched = await fetchTranscript(id, this.visitor);
        if (turn === this.fetching) this.takeTranscript(fetched);
        return;
      } catch (error) {
        if (turn !== this.fetching) return;
        if (error instanceof ApiError && error.status === 404) return this.lose();
        if (error instanceof ApiError && error.status === 401) return this.signOut();
        await this.waitForServer(backoff);
      }
    }
  }

  private async waitForServer(backoff: Backoff): Promise<void> {
    const pause = backoff.pause();
    if (backoff.failures >= FAILURES_UNTIL_TOLD) this.change({ isOffline: true });
    await pause;
  }

  private lose(): void {
    this.stream?.close();
    this.change({ ...CLOSED, phase: "gone" });
  }

  /** Have the page ask to sign in. */
  private signOut(): void {
    this.lose();
    this.request({ act: "refresh" });
  }

  private takeTranscript(fetched: Transcript): void {
    const followed = this.state.writing;
    const conversation = putTranscript(fetched, this.state, followed);
    this.change({ ...conversation, phase: "ready", isOffline: false });
    const writing = conversation.messages.find((message) => message.state === "writing");
    if (writing && writing.id !== followed) this.follow(writing.id);
    else if (!writing && conversation.messages.some(({ id }) => id === followed)) this.finish();
  }

  private follow(id: string): void {
    this.stream?.close();
    this.known = new Set(this.state.messages.map((message) => message.id));
    this.change({ ...NOTHING_WRITTEN, writing: id, wait: { text: "", since: Date.now() } });
    this.stream = new GenerationStream((last) => eventsUrl(id, this.visitor, last), {
      receive: (name, data) => this.receive(name, data),
      lose: (failures) => this.missServer(failures),
    });
  }

  private missServer(failures: number): void {
    if (failures < FAILURES_UNTIL_TOLD) return;
    this.change({ isOffline: true });
    void this.load(); // says whether the answer is still written
  }

  private receive<Name extends keyof GenerationEvents>(
    name: Name,
    data: GenerationEvents[Name],
  ): void {
    if (this.state.isOffline) this.change({ isOffline: false });
    if (name === "exchange") this.begin(data as GenerationEvents["exchange"]);
    else if (name === "wait") this.tellWait(data as GenerationEvents["wait"]);
    else if (name === "end") this.end(data as EndEvent);
    else this.grow(name as "message" | "thinking" | "moved", data as never);
  }

  private begin(event: GenerationEvents["exchange"]): void {
    const isNew = !this.known.has(event.answer.id);
    const isSent = isNew && !this.known.has(event.prompt?.id ?? "");
    this.known.add(event.answer.id);
    const hasBegun = Boolean(event.answer.content || event.answer.thinking);
    const isThinking = Boolean(event.answer.thinking && !event.answer.content);
    this.change({
      ...putExchange(this.state, event),
      phase: "ready",
      wait: hasBegun ? null : this.state.wait,
      thinkingSince: this.state.thinkingSince ?? (isThinking ? Date.now() : null),
    });
    if (isSent) this.report({ kind: "sent" });
    if (isNew && event.answer.state === "writing")
      this.report({ kind: "begun", answer: event.answer });
  }

  private tellWait({ text }: GenerationEvents["wait"]): void {
    this.change({ wait: { text, since: this.state.wait?.since ?? Date.now() } });
  }

  private grow<Name extends "message" | "thinking" | "moved">(
    name: Name,
    data: GenerationEvents[Name],
  ): void {
    const { writing, thinkingSince } = this.state;
    if (!writing) return;
    const now = Date.now();
    this.change({
      ...changeMessage(this.state, writing, (answer) => growAnswer(answer, name, data)),
      wait: null,
      thinkingSince: name === "thinking" ? (thinkingSince ?? now) : thinkingSince,
      thoughtUntil: name === "thinking" ? null : (this.state.thoughtUntil ?? now),
    });
  }

  private end(event: EndEvent): void {
    this.change(putEnd(this.state, event));
    this.finish();
    if (event.refresh) this.request({ act: "refresh" });
  }

  private finish(): void {
    const answer = this.state.messages.find((message) => message.id === this.state.writing);
    this.stream?.close();
    this.stream = null;
    this.change({ ...NOTHING_WRITTEN });
    if (answer) this.report({ kind: "ended", answer });
  }

  private change(changes: Partial<TranscriptState>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.changed) listener();
  }

  private report(occurrence: Occurrence): void {
    for (const listener of this.occurred) listener(occurrence);
  }
}
