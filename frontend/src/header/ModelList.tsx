import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../shared/Icon";
import { text } from "../texts";
import type { HeaderAct, Option } from "./types";

interface ModelListProps {
  options: Option[];
  model: string;
  /** Called with true when the focus belongs back to the button. */
  onClose: (isDone: boolean) => void;
  ask: (act: HeaderAct) => void;
}

const SEARCHED_FROM = 8; // models: fewer are seen at a glance

/** Draw the models: found by typing, chosen by Enter or a click. */
export function ModelList({ options, model, onClose, ask }: ModelListProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const shown = options.filter((option) => matches(option, typed));
  const [at, setAt] = useState(() => Math.max(0, options.findIndex(({ name }) => name === model)));
  const current = Math.min(at, shown.length - 1);
  const choose = (name: string): void => {
    onClose(true);
    if (name !== model) ask({ act: "choose", model: name });
  };
  useOutsideClick(box, () => onClose(false));
  useLayoutEffect(() => box.current?.querySelector("input")?.focus(), []);
  useLayoutEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return; // a word is being written
    const name = shown[current]?.name;
    if (event.key === "ArrowDown") setAt(Math.min(current + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter" && name && isField(event)) choose(name);
    else if (event.key === "Escape") onClose(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="chat-models" ref={box} onKeyDown={onKeyDown}>
      <input
        type="text"
        role="combobox"
        class={options.length < SEARCHED_FROM ? "chat-unseen" : undefined}
        aria-label={text("search_models")}
        aria-expanded
        aria-controls="chat-model-list"
        aria-activedescendant={shown[current] && `chat-model-${current}`}
        placeholder={text("search_models")}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <ul role="listbox" id="chat-model-list" aria-label={text("models")}>
        {shown.map((option, index) => (
          <ModelOption
            option={option}
            index={index}
            isCurrent={index === current}
            isChosen={option.name === model}
            onChoose={() => choose(option.name)}
            key={option.name}
          />
        ))}
      </ul>
      <button
        type="button"
        class="chat-models-more"
        data-act="models"
        onClick={() => {
          onClose(false);
          ask({ act: "models" });
        }}
      >
        <Icon name="models" />
        <span>{text("manage_models")}</span>
      </button>
    </div>
  );
}

interface ModelOptionProps {
  option: Option;
  index: number;
  isCurrent: boolean;
  isChosen: boolean;
  onChoose: () => void;
}

function ModelOption(props: ModelOptionProps): JSX.Element {
  const { option, index, isCurrent, isChosen, onChoose } = props;
  return (
    <li
      role="option"
      id={`chat-model-${index}`}
      aria-selected={isCurrent}
      data-model={option.name}
      onClick={onChoose}
    >
      <span class="chat-option-name">{option.label}</span>
      <span class="chat-option-size">{option.size}</span>
      <span class="chat-option-abilities">{option.abilities.join(" · ")}</span>
      {isChosen && <Icon name="check" />}
    </li>
  );
}

function matches({ name, label }: Option, typed: string): boolean {
  const words = typed.toLowerCase().split(/\s+/);
  return words.every((word) => `${name} ${label}`.toLowerCase().includes(word));
}

function isField(event: KeyboardEvent): boolean {
  return (event.target as HTMLElement).matches("input");
}

function useOutsideClick(box: { current: HTMLElement | null }, onOutside: () => void): void {
  useEffect(() => {
    const onDown = (event: PointerEvent): void => {
      const target = event.target as HTMLElement;
      if (!box.current?.contains(target) && !target.closest(".chat-model")) onOutside();
    };
    addEventListener("pointerdown", onDown, true);
    return () => removeEventListener("pointerdown", onDown, true);
  }, []);
}
