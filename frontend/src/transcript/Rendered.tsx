import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { renderMarkdown, renderPrompt } from "../markdown";

interface RenderedProps {
  source: string;
  isComplete: boolean;
  class?: string;
}

/** Draw Markdown; as it grows, only what changed is drawn. */
export function Rendered({ source, isComplete, class: name }: RenderedProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (place.current) renderMarkdown(place.current, source, { complete: isComplete });
  }, [source, isComplete]);
  return <div class={name} ref={place} />;
}

/** Draw a prompt as it was typed. */
export function RenderedPrompt({ source }: { source: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (place.current) renderPrompt(place.current, source);
  }, [source]);
  return <div class="chat-body" ref={place} />;
}
