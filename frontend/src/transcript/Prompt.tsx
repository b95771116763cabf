import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

import { text } from "../texts";
import { ActionButton } from "./ActionButton";
import { useActs } from "./acts";
import { useStore } from "./context";
import { CopyButton } from "./CopyButton";
import { Editor } from "./Editor";
import { Files } from "./Files";
import { LazyBody } from "./LazyBody";
import type { Message } from "./types";
import { Versions } from "./Versions";

interface PromptProps {
  prompt: Message;
  isAtOnce: boolean;
  isEdited: boolean;
}

/** Draw a prompt as a bubble, or as the field in which it is edited. */
export function Prompt({ prompt, isAtOnce, isEdited }: PromptProps): JSX.Element {
  const store = useStore();
  return (
    <>
      <Files files={prompt.files} />
      {isEdited ? (
        <Editor key={prompt.id} prompt={prompt} onClose={() => store.edit(null)} />
      ) : (
        <>
          {prompt.content && <LazyBody message={prompt} isComplete isAtOnce={isAtOnce} />}
          <PromptActions prompt={prompt} onEdit={() => store.edit(prompt.id)} />
        </>
      )}
    </>
  );
}

function PromptActions(props: { prompt: Message; onEdit: () => void }): JSX.Element {
  const { prompt, onEdit } = props;
  return (
    <div class="chat-actions">
      <CopyButton source={prompt.content} />
      <ActionButton act="edit" icon="edit" label={text("edit_prompt")} onClick={onEdit} />
      <DeleteButton prompt={prompt} key={prompt.id} />
      <Versions message={prompt} />
    </div>
  );
}

/** Deletes the exchange at the second click; the first one asks. */
function DeleteButton({ prompt }: { prompt: Message }): JSX.Element {
  const { deleteExchange } = useActs();
  const [isArmed, setIsArmed] = useState(false);
  // At once: a key may come before the next frame.
  useLayoutEffect(() => {
    if (!isArmed) return;
    const disarm = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setIsArmed(false);
    };
    addEventListener("keydown", disarm, true);
    return () => removeEventListener("keydown", disarm, true);
  }, [isArmed]);
  const press = (): void => {
    if (isArmed) deleteExchange(prompt);
    setIsArmed(!isArmed);
  };
  return (
    <span class="chat-delete" data-armed={isArmed} onFocusOut={() => setIsArmed(false)}>
      <ActionButton
        act="delete"
        icon="delete"
        label={text(isArmed ? "delete_really" : "delete_exchange")}
        onClick={press}
      />
      {isArmed && <span aria-hidden="true">{text("delete_really")}</span>}
    </span>
  );
}
