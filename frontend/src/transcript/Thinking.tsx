import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { text } from "../texts";
import { Rendered } from "./Rendered";
import type { Message } from "./types";

interface ThinkingProps {
  answer: Message;
  isThinking: boolean;
  seconds: number | null;
}

/** Draw what the model thought: open while it thinks, then folded, unless the reader chose. */
export function Thinking({ answer, isThinking, seconds }: ThinkingProps): JSX.Element | null {
  const [choice, setChoice] = useState<boolean | null>(null);
  if (!answer.thinking) return null;
  const isOpen = choice ?? isThinking;
  const toggle = (event: Event): void => {
    event.preventDefault();
    setChoice(!isOpen);
  };
  return (
    <details class="chat-thinking" open={isOpen} data-thinking={isThinking}>
      <summary onClick={toggle}>{describeThinking(isThinking, seconds)}</summary>
      {isOpen && <Rendered source={answer.thinking} isComplete={!isThinking} />}
    </details>
  );
}

function describeThinking(isThinking: boolean, seconds: number | null): string {
  if (isThinking) return text("thinking");
  if (seconds === null) return text("thought");
  return text("thought_for", { count: Math.max(1, Math.round(seconds)) });
}
