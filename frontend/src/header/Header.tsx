import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { Icon } from "../shared/Icon";
import { text } from "../texts";
import { ModelList } from "./ModelList";
import type { HeaderAct, HeaderContent } from "./types";

interface HeaderProps {
  content: HeaderContent;
  ask: (act: HeaderAct) => void;
}

/** Draw which model answers, the way to another one, and on phones the way to a new chat. */
export function Header({ content, ask }: HeaderProps): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const { model, options, missing } = content;
  const label = options.find(({ name }) => name === model)?.label ?? model;
  const close = (isDone: boolean): void => {
    setOpen(false);
    if (isDone) button.current?.focus();
  };
  return (
    <>
      <div class="chat-head-row">
        <button
          ref={button}
          type="button"
          class="chat-model"
          data-act="model"
          aria-haspopup="listbox"
          aria-expanded={isOpen}
          aria-label={text("model_is", { model: label })}
          onClick={() => setOpen(!isOpen)}
        >
          <span>{label}</span>
          <Icon name="chevron" />
        </button>
        <button
          type="button"
          class="chat-new"
          data-act="new"
          aria-label={text("new_chat")}
          title={text("new_chat")}
          onClick={() => ask({ act: "new" })}
        >
          <Icon name="new" />
        </button>
        {isOpen && <ModelList options={options} model={model} onClose={close} ask={ask} />}
      </div>
      {missing && (
        <p class="chat-missing" role="status">
          {missing}
        </p>
      )}
    </>
  );
}
