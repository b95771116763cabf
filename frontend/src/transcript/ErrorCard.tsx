import type { JSX } from "preact";

import { text } from "../texts";
import { useActs } from "./acts";
import { Offers } from "./Offers";
import type { Message, Offer } from "./types";

interface ErrorCardProps {
  answer: Message;
  error: NonNullable<Message["error"]>;
  isLast: boolean;
  offers: Offer[];
}

/** Draw why an answer failed, with what may help. */
export function ErrorCard({ answer, error, isLast, offers }: ErrorCardProps): JSX.Element {
  const { answerAgain } = useActs();
  return (
    <div class="chat-error" data-code={error.code}>
      <p dir="auto">{error.text}</p>
      <div class="chat-offers">
        {isLast && answer.may_retry && (
          <button
            type="button"
            class="chat-button"
            data-act="retry"
            onClick={() => answerAgain(answer)}
          >
            {text("retry")}
          </button>
        )}
        <Offers offers={offers} />
      </div>
    </div>
  );
}
