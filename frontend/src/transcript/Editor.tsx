import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { text } from "../texts";
import { useActs } from "./acts";
import { focusField } from "../shared/streamlit";
import type { Message } from "./types";

interface EditorProps {
  prompt: Message;
  onClose: () => void;
}

/** Draw the field in which a prompt is edited; a refused edit leaves what was typed. */
export function Editor({ prompt, onClose }: EditorProps): JSX.Element {
  const { sendEdit } = useActs();
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(prompt.content);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(draft.length, draft.length);
    field.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const close = (): void => {
    onClose();
    focusField();
  };
  const send = (): void => {
    if (draft.trim() || prompt.files.length) sendEdit(prompt, draft);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return; // a word is being written
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="chat-editor">
      <div class="chat-editor-field" data-draft={draft}>
        <textarea
          ref={field}
          dir="auto"
          rows={1}
          aria-label={text("edit_prompt")}
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="chat-offers">
        <button type="button" class="chat-button" data-act="cancel" onClick={close}>
          {text("cancel")}
        </button>
        <button type="button" class="chat-button chat-primary" data-act="send" onClick={send}>
          {text("send")}
        </button>
      </div>
    </div>
  );
}
