import { render } from "preact";

import { installCodeActions } from "../markdown";
import { type ComponentArgs, isGone } from "../shared/component";
import { tellOpenConversation } from "../shared/openConversation";
import { announce, installAnnouncer } from "./announcer";
import { StoreContext } from "./context";
import { installKeys } from "./keys";
import { reportToReaders } from "./occurrences";
import { endFollower } from "./scrolling";
import { watchSight } from "./sight";
import { StopPlace } from "./StopButton";
import { TranscriptStore } from "./store";
import { Transcript } from "./Transcript";
import type { PageData } from "./types";

const AWAY_MS = 3_000; // a run of the whole page takes the component out and puts it back

let mounted: MountedTranscript | null = null;

/** Show the open conversation in the component's place; called again with each new `data`. */
export function mountTranscript(args: ComponentArgs): () => void {
  mounted ??= new MountedTranscript();
  return mounted.show(args);
}

/** The transcript of this page: Streamlit may take it out and put it back, it stays as it is. */
class MountedTranscript {
  private readonly host = document.createElement("div");
  private readonly store = new TranscriptStore();
  private readonly stopPlace = new StopPlace(this.store);
  private awayTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.host.className = "chat-host";
    installCodeActions(this.host);
    installAnnouncer();
    installKeys(this.store);
    reportToReaders(this.store);
    this.store.subscribe(() => this.tellOthers());
  }

  show({ data, parentElement, setTriggerValue }: ComponentArgs): () => void {
    if (isGone(parentElement)) return () => undefined;
    clearTimeout(this.awayTimer);
    this.store.update(data as PageData, (act) => setTriggerValue("act", act));
    if (!this.host.hasChildNodes()) this.draw();
    if (this.host.parentNode !== parentElement) {
      parentElement.append(this.host);
      watchSight(endFollower.attach(this.host));
    }
    this.stopPlace.attach();
    return () => this.leave();
  }

  private draw(): void {
    render(
      <StoreContext.Provider value={this.store}>
        <Transcript />
      </StoreContext.Provider>,
      this.host,
    );
  }

  private tellOthers(): void {
    const { id, writing } = this.store.state;
    tellOpenConversation(id, writing !== null);
  }

  private leave(): void {
    this.awayTimer = setTimeout(() => this.rest(), AWAY_MS);
  }

  private rest(): void {
    this.store.rest();
    announce(""); // an answer's words are for nobody who comes after a sign-out
  }
}
