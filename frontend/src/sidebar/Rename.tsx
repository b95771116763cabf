import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { text } from "../texts";
import type { Ask, Row } from "./types";

interface RenameProps {
  row: Row;
  onEnd: () => void;
  ask: Ask;
}

/** Draw the field in which a conversation is renamed, in its row; Esc leaves it as it was. */
export function Rename({ row, onEnd, ask }: RenameProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => field.current?.select(), []);
  const end = (isWanted: boolean): void => {
    if (isOver.current) return;
    isOver.current = true;
    const title = field.current?.value.trim() ?? "";
    if (isWanted && title && title !== row.title) {
      ask({ act: "rename", conversation: row.id, text: title });
    }
    onEnd();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.isComposing || event.keyCode === 229) return; // a word is being written
    if (event.key === "Enter") end(true);
    else if (event.key === "Escape") end(false);
  };
  return (
    <li class="chat-row" data-conversation={row.id}>
      <input
        ref={field}
        class="chat-rename"
        aria-label={text("title")}
        defaultValue={row.title}
        onBlur={() => end(true)}
        onKeyDown={onKeyDown}
      />
    </li>
  );
}
