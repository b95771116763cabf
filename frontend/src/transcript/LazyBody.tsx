import type { JSX } from "preact";

import { Rendered, RenderedPrompt } from "./Rendered";
import { useIsNear } from "./sight";
import type { Message } from "./types";

const CHARACTERS_A_LINE = 85;
const LINE_PX = 26;

interface LazyBodyProps {
  message: Message;
  isComplete: boolean;
  /** Whether it is drawn however far from sight it is. */
  isAtOnce: boolean;
}

/** Draw a message's text; far from sight as plain text, which can be searched all the same. */
export function LazyBody({ message, isComplete, isAtOnce }: LazyBodyProps): JSX.Element {
  const [place, isNear] = useIsNear<HTMLDivElement>(isAtOnce || !isComplete);
  if (!isNear) {
    const height = `${estimateHeight(message.content)}px`;
    return (
      <div class="chat-body chat-far" dir="auto" ref={place} style={{ "--height": height }}>
        {message.content}
      </div>
    );
  }
  if (message.role === "user") return <RenderedPrompt source={message.content} />;
  return <Rendered class="chat-body" source={message.content} isComplete={isComplete} />;
}

/** Return about how many pixels a text needs in height. */
export function estimateHeight(source: string): number {
  let lines = 0;
  for (const line of source.split("\n")) lines += Math.max(1, line.length / CHARACTERS_A_LINE);
  return Math.round(lines * LINE_PX);
}
