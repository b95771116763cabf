import { Fragment, type JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";

import { text } from "../texts";
import { BoundaryLine } from "./BoundaryLine";
import { placeOf } from "./changes";
import { useTranscript } from "./context";
import { MessageArticle, type MessageArticleProps } from "./MessageArticle";
import { endFollower } from "./scrolling";
import type { TranscriptState } from "./store";
import { ToEnd } from "./ToEnd";
import type { Message, Offer } from "./types";
import { UsageBar } from "./UsageBar";
import { Welcome } from "./Welcome";

const DRAWN_AT_ONCE = 4; // messages at the end, which one sees first
const NO_OFFERS: Offer[] = [];

/** Draw all exchanges of the open conversation. */
export function Transcript(): JSX.Element {
  const state = useTranscript();
  useLayoutEffect(() => endFollower.settle());
  const { id, phase, messages, usage } = state;
  return (
    <div class="chat-transcript" data-phase={phase} data-conversation={id ?? ""}>
      {id === null && <Welcome hasSmallModel={state.hasSmallModel} />}
      {phase === "gone" && <p class="chat-notes">{text("gone")}</p>}
      {messages.map((message, index) => (
        <Fragment key={placeOf(message)}>
          {state.boundary?.before === message.id && <BoundaryLine boundary={state.boundary} />}
          <MessageArticle {...chooseProps(state, message, index)} />
        </Fragment>
      ))}
      {usage && !state.writing && <UsageBar usage={usage} hasOffers={!messages.at(-1)?.error} />}
      {state.isOffline && <p class="chat-offline">{text("offline")}</p>}
      <ToEnd />
    </div>
  );
}

/** Return what a message is drawn from: the same values as long as nothing of it changed. */
function chooseProps(state: TranscriptState, message: Message, index: number): MessageArticleProps {
  const { messages, usage, writing, editing } = state;
  const isLast = index === messages.length - 1;
  return {
    message,
    isLast,
    isAtOnce: index >= messages.length - DRAWN_AT_ONCE,
    isEdited: editing === message.id,
    progress: writing === message.id ? state : null,
    offers: (isLast && usage?.offers) || NO_OFFERS,
  };
}
