import { render, type JSX } from "preact";

import { text } from "../texts";
import type { TranscriptStore } from "./store";
import { BOTTOM, COMPOSER, SUBMIT, focusField } from "../shared/streamlit";

/** Keeps the button that stops the answer exactly over the one that sends. */
export class StopPlace {
  private readonly place = document.createElement("div");
  private readonly observer = new MutationObserver(() => this.attach());
  private watched: Element | null = null;

  constructor(private readonly store: TranscriptStore) {
    this.place.className = "chat-stop-place";
    store.subscribe(() => this.draw());
  }

  /** Put the button where it belongs; Streamlit may have drawn its input anew. */
  attach(): void {
    const bottom = document.querySelector(BOTTOM);
    if (bottom && bottom !== this.watched) {
      this.watched = bottom;
      this.observer.disconnect();
      this.observer.observe(bottom, { childList: true, subtree: true });
    }
    const input = document.querySelector(COMPOSER);
    if (input && this.place.parentElement !== input) input.append(this.place);
    if (input) this.measure(input);
  }

  private measure(input: Element): void {
    const send = input.querySelector(SUBMIT)?.getBoundingClientRect();
    if (!send) return;
    const box = input.getBoundingClientRect();
    const { style } = this.place;
    style.setProperty("--right", `${box.right - send.right}px`);
    style.setProperty("--bottom", `${box.bottom - send.bottom}px`);
    style.setProperty("--size", `${send.width}px`);
  }

  private draw(): void {
    const { writing, isStopping } = this.store.state;
    const isNew = Boolean(writing) !== this.place.hasChildNodes();
    const button = <StopButton isStopping={isStopping} onStop={() => this.stop()} />;
    render(writing ? button : null, this.place);
    if (isNew) this.attach();
  }

  private stop(): void {
    void this.store.stop();
    focusField();
  }
}

interface StopButtonProps {
  isStopping: boolean;
  onStop: () => void;
}

function StopButton({ isStopping, onStop }: StopButtonProps): JSX.Element {
  const label = text(isStopping ? "stopping" : "stop");
  return (
    <button
      type="button"
      class="chat-stop"
      data-act="stop"
      aria-label={label}
      title={label}
      aria-disabled={isStopping}
      onClick={onStop}
    />
  );
}
