import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../shared/Icon";
import { text } from "../texts";
import type { Ask } from "./types";

const PAUSE_MS = 150; // in the typing, after which it is searched

/** Draw the field that searches while it is typed in; Ctrl+K leads to it, Esc empties it. */
export function Search({ query, ask }: { query: string; ask: Ask }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(query);
  useEffect(() => {
    if (typed === query) return undefined;
    const timer = setTimeout(() => ask({ act: "search", text: typed }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") setTyped("");
  };
  return (
    <search class="chat-search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label={text("search_conversations")}
        placeholder={text("search")}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </search>
  );
}
