import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { text } from "../texts";
import { ActionButton } from "./ActionButton";
import { useActs } from "./acts";
import { CopyButton } from "./CopyButton";
import { ErrorCard } from "./ErrorCard";
import { LazyBody } from "./LazyBody";
import type { TranscriptState } from "./store";
import { Thinking } from "./Thinking";
import type { Message, Offer } from "./types";
import { Versions } from "./Versions";
import { Waiting } from "./Waiting";

/** What only the answer that is written has. */
export type Progress = Pick<TranscriptState, "wait" | "thinkingSince" | "thoughtUntil">;

interface AnswerProps {
  answer: Message;
  isAtOnce: boolean;
  progress: Progress | null;
  /** Whether it is the newest, the only one whose failure can be helped in place. */
  isLast: boolean;
  offers: Offer[];
}

/** Draw an answer: its thinking, its text, how it ended, and what can be done with it. */
export function Answer({ answer, isAtOnce, progress, isLast, offers }: AnswerProps): JSX.Element {
  const isWritten = answer.state === "writing";
  const isThinking = isWritten && !answer.content;
  return (
    <>
      <Thinking
        key={answer.id}
        answer={answer}
        isThinking={isThinking}
        seconds={answer.thought_s ?? countThinking(progress)}
      />
      {answer.content && (
        <LazyBody message={answer} isComplete={!isWritten} isAtOnce={isAtOnce} />
      )}
      {isWritten && progress?.wait && <Waiting wait={progress.wait} />}
      {answer.error && (
        <ErrorCard answer={answer} error={answer.error} isLast={isLast} offers={offers} />
      )}
      {answer.notes.length > 0 && <p class="chat-notes">{answer.notes.join(" · ")}</p>}
      {!isWritten && <AnswerActions answer={answer} isRetried={isLast && answer.may_retry && answer.error !== null} />}
    </>
  );
}

function countThinking(progress: Progress | null): number | null {
  if (!progress?.thinkingSince || !progress.thoughtUntil) return null;
  return (progress.thoughtUntil - progress.thinkingSince) / 1000;
}

function AnswerActions(props: { answer: Message; isRetried: boolean }): JSX.Element {
  const { answer, isRetried } = props;
  const { answerAgain, continueAnswer } = useActs();
  const [hasFigures, setHasFigures] = useState(false);
  return (
    <div class="chat-actions">
      {answer.content && <CopyButton source={answer.content} />}
      {!isRetried && (
        <ActionButton
          act="again"
          icon="again"
          label={text("again")}
          onClick={() => answerAgain(answer)}
        />
      )}
      <Versions message={answer} />
      {answer.may_continue && (
        <ActionButton
          act="continue"
          icon="continue"
          label={text("continue")}
          onClick={() => continueAnswer(answer)}
        />
      )}
      {answer.figures && (
        <ActionButton
          act="figures"
          icon="figures"
          label={text("figures")}
          expanded={hasFigures}
          onClick={() => setHasFigures(!hasFigures)}
        />
      )}
      {hasFigures && <span class="chat-figures">{answer.figures}</span>}
    </div>
  );
}
