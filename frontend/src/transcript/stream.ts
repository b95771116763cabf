import { Backoff, onWaking } from "./backoff";
import type { GenerationEvents } from "./types";

/** What a stream reports. */
export interface StreamHandlers {
  /** An event came. */
  receive<Name extends keyof GenerationEvents>(name: Name, data: GenerationEvents[Name]): void;
  /** The connection failed, and the tries before it; the stream goes on trying. */
  lose(failures: number): void;
}

const NAMES = ["exchange", "wait", "message", "thinking", "moved", "end"] as const;
const STALE_MS = 5_000; // a connection that was out of sight for longer may be dead

/** Follows a generation's events until its end; resumes after each loss where it was. */
export class GenerationStream {
  private readonly backoff = new Backoff();
  private readonly stopWaking: () => void;
  private source: EventSource | null = null;
  private last = "";
  private isClosed = false;
  private heardAt = 0;

  constructor(
    private readonly makeUrl: (last: string) => string,
    private readonly handlers: StreamHandlers,
  ) {
    this.stopWaking = onWaking(() => this.renew());
    this.connect();
  }

  /** Follow no more. */
  close(): void {
    this.isClosed = true;
    this.stopWaking();
    this.source?.close();
  }

  private connect(): void {
    if (this.isClosed) return;
    this.source?.close();
    const source = new EventSource(this.makeUrl(this.last));
    this.source = source;
    this.heardAt = Date.now();
    for (const name of NAMES) {
      source.addEventListener(name, (event) => this.receive(name, event as MessageEvent<string>));
    }
    source.onerror = () => void this.recover(source);
  }

  private receive(name: keyof GenerationEvents, event: MessageEvent<string>): void {
    if (this.isClosed) return;
    this.backoff.reset();
    this.heardAt = Date.now();
    this.last = event.lastEventId || this.last;
    if (name === "end") this.close();
    this.handlers.receive(name, JSON.parse(event.data) as GenerationEvents[typeof name]);
  }

  private async recover(source: EventSource): Promise<void> {
    if (this.isClosed || source !== this.source) return;
    source.close();
    this.source = null;
    const pause = this.backoff.pause();
    this.handlers.lose(this.backoff.failures);
    await pause;
    if (!this.source) this.connect();
  }

  private renew(): void {
    if (this.source && Date.now() - this.heardAt > STALE_MS) this.connect();
  }
}
