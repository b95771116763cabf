// Markdown as this chat understands it: CommonMark, GFM, footnotes and formulas, and no HTML.
import MarkdownIt from "markdown-it";
import cjkFriendly from "markdown-it-cjk-friendly";
import footnotes from "markdown-it-footnote";
import type StateCore from "markdown-it/lib/rules_core/state_core.mjs";
import type StateInline from "markdown-it/lib/rules_inline/state_inline.mjs";
import type Token from "markdown-it/lib/token.mjs";

import { setAddresses } from "./addresses";
import type { Code, Env } from "./env";
import { drawFormula } from "./formulas";
import { addFormulas } from "./math";
import { addUnfinished } from "./unfinished";

const MAX_FORMULAS = 1_000; // more would take the browser many seconds
const MAX_SCRIPT_CHARS = 300;
const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;
const DIRECTED = /^(?:paragraph|heading|blockquote|bullet_list|ordered_list|table)_open$/;
const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const TASK = /^\[([ xX])\]\s+(?=\S)/;
const HTML_TAG = /^<(?:br\s*\/?|su[bp])>/i;
const md = createParser();

/** Return the top-level blocks of a text; `isGrowing` says that more of it may come. */
export function parseMarkdown(source: string, docId: string, isGrowing: boolean): { html: string; codes: Code[] }[] {
  const env: Env = { growing: isGrowing, growingInline: false, docId, codes: [], notes: [], formulas: 0 };
  return groupTokens(md.parse(source, env)).map((tokens) => {
    env.codes = [];
    return { html: md.renderer.render(tokens, md.options, env), codes: env.codes };
  });
}

/** Return where the addresses in a plain text are. */
export function findLinks(source: string): { index: number; lastIndex: number; url: string }[] {
  return md.linkify.match(source) ?? [];
}

function createParser(): MarkdownIt {
  const parser = new MarkdownIt({ html: false, linkify: true });
  parser.validateLink = () => true; // what may be followed is decided where the link is drawn
  setAddresses(parser.linkify);
  parser.use(cjkFriendly).use(footnotes).use(addFormulas).use(addUnfinished);
  parser.inline.ruler.disable("footnote_inline"); // ^[a-z] is a pattern
  parser.inline.ruler.before("autolink", "html_tag", readHtmlTag);
  parser.core.ruler.before("footnote_tail", "footnote_orphans", keepUnusedFootnotes);
  for (const rule of [shiftHeadings, markTasks, openLinksElsewhere, setDirection]) {
    parser.core.ruler.push(rule.name, rule);
  }
  Object.assign(parser.renderer.rules, renderRules(parser));
  return parser;
}

function groupTokens(tokens: Token[]): Token[][] {
  const groups: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0 && token.nesting >= 0) groups.push([]);
    groups.at(-1)?.push(token);
    depth += token.nesting;
  }
  return groups;
}

function readHtmlTag(state: StateInline, silent: boolean): boolean {
  const rest = state.src.slice(state.pos, state.pos + 8);
  const tag = HTML_TAG.exec(rest)?.[0];
  if (!tag) return false;
  if (tag[1]!.toLowerCase() === "b") {
    if (!silent) state.push("hardbreak", "br", 0);
    state.pos += tag.length;
    return true;
  }
  return readScript(state, tag, silent);
}

function readScript(state: StateInline, tag: string, silent: boolean): boolean {
  const name = tag.slice(1, 4).toLowerCase();
  const start = state.pos + tag.length;
  const end = state.src.slice(start, Math.min(state.posMax, start + MAX_SCRIPT_CHARS)).search(new RegExp(`</${name}>`, "i"));
  if (end < 0) return false;
  if (!silent) {
    const max = state.posMax;
    state.push("script_open", name, 1);
    [state.pos, state.posMax] = [start, start + end];
    state.md.inline.tokenize(state);
    state.posMax = max;
    state.push("script_close", name, -1);
  }
  state.pos = start + end + name.length + 3;
  return true;
}

interface Footnotes {
  refs?: Record<string, number>;
  list?: { label: string; count: number }[];
}

// A note that nothing in the text refers to is shown as well.
function keepUnusedFootnotes(state: StateCore): void {
  const notes = (state.env as { footnotes?: Footnotes }).footnotes;
  for (const [name, id] of Object.entries(notes?.refs ?? {})) {
    if (id < 0) (notes!.list ??= []).push({ label: name.slice(1), count: 0 });
  }
}

// An answer's first heading is an h2 whatever its level is, and no level is skipped after it.
function shiftHeadings(state: StateCore): void {
  const levels: number[] = [];
  for (const token of state.tokens) {
    if (token.type === "heading_open") {
      const written = Number(token.tag.slice(1));
      while (levels.length && levels.at(-1)! >= written) levels.pop();
      levels.push(written);
      token.attrJoin("class", `chat-heading-${written}`);
    }
    if (token.type.startsWith("heading_")) token.tag = `h${Math.min(levels.length + 1, 6)}`;
  }
}

function markTasks(state: StateCore): void {
  state.tokens.forEach((token, index) => {
    const first = token.children?.[0];
    const task = first?.type === "text" && TASK.exec(first.content);
    const item = state.tokens[index - 2];
    if (!task || item?.type !== "list_item_open" || state.tokens[index - 1]!.type !== "paragraph_open") return;
    first.content = first.content.slice(task[0].length);
    item.attrJoin("class", "chat-task");
    const box = new state.Token("task_box", "input", 0);
    box.meta = { isDone: task[1] !== " ", label: plainText(token.children!) };
    token.children!.unshift(box);
  });
}

function plainText(tokens: Token[]): string {
  return tokens.map((token) => (token.type === "softbreak" ? " " : token.content)).join("");
}

function openLinksElsewhere(state: StateCore): void {
  for (const token of state.tokens) {
    let depth = 0;
    for (const child of token.children ?? []) {
      if (child.type.startsWith("link_")) depth += child.nesting;
      if (child.type === "link_open") child.attrs = linkAttributes(child.attrGet("href") ?? "", child.attrGet("title"));
      if (child.type === "image") child.meta = { isInLink: depth > 0 };
    }
  }
}

function linkAttributes(address: string, title: string | null): [string, string][] {
  if (!SAFE_LINK.test(address)) return address ? [["title", title ?? address]] : [];
  return [
    ["href", address],
    ...(title ? [["title", title] as [string, string]] : []),
    ["target", "_blank"],
    ["rel", "noopener noreferrer"],
    ["referrerpolicy", "no-referrer"],
  ];
}

// By the first letter, as dir="auto" does, of which browsers take too long in a list of many items.
function setDirection(state: StateCore): void {
  const open: Token[] = [];
  for (const token of state.tokens) {
    if (DIRECTED.test(token.type)) open.push(token);
    if (token.nesting < 0 && open.at(-1)?.type === token.type.replace("_close", "_open")) open.pop();
    const direction = token.type === "inline" && open.length > 0 ? directionOf(token) : "";
    if (direction) for (const block of open.splice(0)) block.attrSet("dir", direction);
  }
}

function directionOf(token: Token): "" | "ltr" | "rtl" {
  for (const child of token.children ?? []) {
    const letter = child.type === "text" && LETTER.exec(child.content)?.[0];
    if (letter) return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
  }
  return "";
}

function renderRules(parser: MarkdownIt): MarkdownIt["renderer"]["rules"] {
  const { escapeHtml } = parser.utils;
  const quiet = (source: string) => `<span class="chat-formula-source" dir="ltr">${escapeHtml(source)}</span>`;
  return {
    hardbreak: () => "<br>",
    softbreak: () => "<br>", // a line that the model ended is one that is read
    code_inline: (tokens, index) => `<code dir="ltr">${escapeHtml(tokens[index]!.content)}</code>`,
    fence: (tokens, index, _options, env: Env) => placeCode(tokens[index]!, env),
    code_block: (tokens, index, _options, env: Env) => placeCode(tokens[index]!, env),
    table_open: (tokens, index, options, _env, self) => `<div class="chat-table">${self.renderToken(tokens, index, options)}`,
    table_close: () => "</table></div>",
    task_box: (tokens, index) => renderTaskBox(tokens[index]!, escapeHtml),
    image: (tokens, index) => renderImage(parser, tokens[index]!),
    formula: (tokens, index, _options, env: Env) => {
      const { content, markup, meta } = tokens[index]!;
      if (++env.formulas > MAX_FORMULAS) return quiet(markup);
      return drawFormula(content, meta.isDisplay as boolean) ?? quiet(markup);
    },
    formula_block: (tokens, index) => {
      const { content, markup } = tokens[index]!;
      return `<div class="chat-formula">${drawFormula(content, true) ?? quiet(markup)}</div>`;
    },
    formula_source: (tokens, index) => quiet(tokens[index]!.content),
    formula_source_block: (tokens, index) => `<div class="chat-formula">${quiet(tokens[index]!.content)}</div>`,
    footnote_block_open: () => '<section class="chat-footnotes"><ol>',
    footnote_block_close: () => "</ol></section>",
    footnote_anchor: (tokens, index, options, env, self) => renderBackLink(tokens[index]!, () =>
      self.rules.footnote_anchor_name!(tokens, index, options, env, self)),
  };
}

function placeCode(token: Token, env: Env): string {
  const language = token.info.trim().split(/[\s,{:]/)[0] ?? "";
  const isUnread = env.growing && token.map !== null && token.map[1] - token.map[0] < 2;
  env.codes.push({ text: token.content.replace(/\n$/, ""), language: isUnread ? "" : language });
  return '<div class="chat-code"></div>';
}

function renderTaskBox(token: Token, escapeHtml: (text: string) => string): string {
  const { isDone, label } = token.meta as { isDone: boolean; label: string };
  return `<input type="checkbox" disabled${isDone ? " checked" : ""} aria-label="${escapeHtml(label)}"> `;
}

// A picture elsewhere would tell its owner who reads, so it is only a link.
function renderImage(parser: MarkdownIt, token: Token): string {
  const address = token.attrGet("src") ?? "";
  const alt = parser.renderer.renderInlineAsText(token.children ?? [], parser.options, {});
  const label = parser.utils.escapeHtml(alt || (SAFE_LINK.test(address) ? address : ""));
  if ((token.meta as { isInLink: boolean }).isInLink || !SAFE_LINK.test(address)) return label;
  const link = new (token.constructor as new (type: string, tag: string, nesting: 1) => Token)("link_open", "a", 1);
  link.attrs = linkAttributes(address, token.attrGet("title"));
  return `<a${parser.renderer.renderAttrs(link)}>${label}</a>`;
}

function renderBackLink(token: Token, name: () => string): string {
  const { subId } = token.meta as { subId: number };
  return ` <a href="#fnref${name()}${subId > 0 ? `:${subId}` : ""}" class="chat-back">↩︎</a>`;
}

