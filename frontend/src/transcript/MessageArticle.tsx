import { Component, type JSX } from "preact";

import { text } from "../texts";
import { Answer, type Progress } from "./Answer";
import { placeOf } from "./changes";
import { Prompt } from "./Prompt";
import type { Message, Offer } from "./types";

/** What a message is drawn from. */
export interface MessageArticleProps {
  message: Message;
  /** Whether it is the newest. */
  isLast: boolean;
  /** Whether it is drawn however far from sight it is. */
  isAtOnce: boolean;
  isEdited: boolean;
  /** How the answer comes on that is written; null for all others. */
  progress: Progress | null;
  /** What may help a failed answer. */
  offers: Offer[];
}

/** Draws a prompt or an answer; again only when something of it changed. */
export class MessageArticle extends Component<MessageArticleProps> {
  override shouldComponentUpdate(next: Readonly<MessageArticleProps>): boolean {
    const names = Object.keys(next) as (keyof MessageArticleProps)[];
    return names.some((name) => next[name] !== this.props[name]);
  }

  override render(): JSX.Element {
    const { message, isLast, isAtOnce, isEdited, progress, offers } = this.props;
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
          <Prompt prompt={message} isAtOnce={isAtOnce} isEdited={isEdited} />
        ) : (
          <Answer
            answer={message}
            isAtOnce={isAtOnce}
            progress={progress}
            isLast={isLast}
            offers={offers}
          />
        )}
      </article>
    );
  }
}
