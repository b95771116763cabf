import { Fragment, type JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";

import { text } from "../texts";
import { Answer } from "./Answer";
import { BoundaryLine } from "./BoundaryLine";
import { placeOf } from "./changes";
import { useStore, useTranscript } from "./context";
import { Prompt } from "./Prompt";
import { endFollower } from "./scrolling";
import type { TranscriptState } from "./store";
import { ToEnd } from "./ToEnd";
import type { Message } from "./types";
import { UsageBar } from "./UsageBar";
import { Welcome } from "./Welcome";

const DRAWN_AT_ONCE = 4; // messages at the end, which one sees first

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
          <MessageArticle message={message} state={state} index={index} />
        </Fragment>
      ))}
      {usage && !state.writing && <UsageBar usage={usage} hasOffers={!messages.at(-1)?.error} />}
      {state.isOffline && <p class="chat-offline">{text("offline")}</p>}
      <ToEnd />
    </div>
  );
}

interface MessageArticleProps {
  message: Message;
  state: TranscriptState;
  index: number;
}

function MessageArticle({ message, state, index }: MessageArticleProps): JSX.Element {
  const isLast = index === state.messages.length - 1;
  const isAtOnce = index >= state.messages.length - DRAWN_AT_ONCE;
  const isPrompt = message.role === "user";
  const label = isPrompt ? text("prompt") : text("answer_of", { model: message.model });
  return (
    <article
      class="chat-message"
      aria-label={label}
      data-role={message.role}
      data-message={message.id}
      data-place={placeOf(message)}
      data-state={message.state}
      data-last={isLast}
    >
      {isPrompt ? (
        <PromptOf message={message} state={state} isAtOnce={isAtOnce} />
      ) : (
        <Answer
          answer={message}
          isAtOnce={isAtOnce}
          progress={state.writing === message.id ? state : null}
          isLast={isLast}
          offers={isLast ? (state.usage?.offers ?? []) : []}
        />
      )}
    </article>
  );
}

function PromptOf(props: {
  message: Message;
  state: TranscriptState;
  isAtOnce: boolean;
}): JSX.Element {
  const store = useStore();
  const { message, state, isAtOnce } = props;
  return (
    <Prompt
      prompt={message}
      isAtOnce={isAtOnce}
      isEdited={state.editing === message.id}
      onEdit={(isEdited) => store.edit(isEdited ? message.id : null)}
    />
  );
}
