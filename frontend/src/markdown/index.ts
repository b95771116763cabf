// A model's Markdown on the page, while it is written and afterwards.
import "katex/dist/katex.min.css";

export { installCodeActions } from "./code";
export { renderPrompt } from "./prompt";
export { renderMarkdown, type RenderOptions } from "./render";
export { settled } from "./work";
