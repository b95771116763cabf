// What an answer looks like while it is being written: marks that still miss their other half.
import type MarkdownIt from "markdown-it";
import type StateCore from "markdown-it/lib/rules_core/state_core.mjs";
import type StateInline from "markdown-it/lib/rules_inline/state_inline.mjs";
import type Token from "markdown-it/lib/token.mjs";

import { envOf } from "./env";
import { findOpenFence } from "./limits";

const MAX_LINK_CHARS = 2000;
const MAX_OPEN = 20;
const MAX_MARK_CHARS = 200;
const BLANK_END = /\n[ \t]*\n[ \t]*$/;
// Marks of which the next characters decide what they are.
const OPEN_MARKS = /(?:(?<!\\)(?:\\\\)*\\|<\/?(?:b|br|su|sub|sup)?\s?\/?|&(?:#\w*|[A-Za-z]{1,8})?|(?<!\\)[*_~`]+|!)$/;
// A line that may become a list, a task, a heading, a rule, a fence, a formula, an address or a note.
const BLOCK_MARK = new RegExp(
  String.raw`^(?:[ \t]|>)*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+\[(?:[ xX]\]?[ \t]*)?|[-+*][ \t]*|[-*_][-*_ \t]*|=+|\d{1,9}[.)]?[ \t]*|#{1,6}[ \t]*|` +
    "`{1,2}|~{1,2}|" +
    String.raw`\||\${1,2}|\\\[?|\\b[a-z]*(?:\{[A-Za-z]*\*?)?|\[[^\]\n]+\]:[ \t]*\S*|\[\^[^\]\n]*)$`,
);
const TABLE_ROW = /^[ \t>]*\|/;
const PARTIAL_RULE = /^[ \t>]*(?:\|[ \t]*)?:?-[\s:|-]*$|^[ \t>]*\|[\s:|-]*$/;

/** Let markdown-it close at the end of a growing text what is still open there. */
export function addUnfinished(md: MarkdownIt): void {
  md.core.ruler.at("inline", readInlines);
  md.inline.ruler.before("backticks", "unfinished_code", readCode);
  md.inline.ruler.after("image", "unfinished_link", readLink);
  md.inline.ruler.after("footnote_ref", "unfinished_note", readNote);
  md.renderer.rules.unfinished_note = (tokens, index) => `<sup class="footnote-ref"><a>[${tokens[index]!.content}]</a></sup>`;
  md.inline.ruler2.after("balance_pairs", "unfinished_emphasis", closeEmphasis);
}

/** Return the text without the marks at its end that do not say yet what they will be. */
export function holdBack(source: string): string {
  const lineStart = source.lastIndexOf("\n") + 1;
  const line = source.slice(lineStart);
  if (findOpenFence(source.slice(0, lineStart))) {
    return /^[ \t>]*(?:`+|~+)$/.test(line) ? source.slice(0, lineStart) : source;
  }
  const rest = completeTable(source, lineStart, line);
  return rest ?? (BLOCK_MARK.test(line) ? source.slice(0, lineStart) : source);
}

// A header row, alone or with a part of the rule below it, is a table already.
function completeTable(source: string, lineStart: number, line: string): string | null {
  const above = source.slice(0, lineStart).split("\n", -1).slice(-3, -1);
  const [before = "", header = ""] = above.length > 1 ? above : ["", ...above];
  if ((!line || PARTIAL_RULE.test(line)) && TABLE_ROW.test(header) && !TABLE_ROW.test(before)) {
    return source.slice(0, lineStart) + tableRule(header);
  }
  if (TABLE_ROW.test(line) && !TABLE_ROW.test(header)) return `${source}\n${tableRule(line)}`;
  return null;
}

function tableRule(header: string): string {
  const indent = /^[ \t>]*/.exec(header)![0];
  const cells = header.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/);
  return `${indent}|${cells.map(() => "---|").join("")}`;
}

function readInlines(state: StateCore): void {
  const env = envOf(state);
  const last = env.growing ? findGrowing(state.tokens, state.src) : null;
  for (const token of state.tokens) {
    if (token.type !== "inline") continue;
    env.growingInline = token === last;
    const source = env.growingInline ? dropOpenMarks(token.content) : token.content;
    state.md.inline.parse(source, state.md, state.env, (token.children ??= []));
  }
}

// Only the end is looked at: in a long row of marks the pattern begins anew at each.
function dropOpenMarks(source: string): string {
  const start = Math.max(0, source.length - MAX_MARK_CHARS);
  return source.slice(0, start) + source.slice(start).replace(OPEN_MARKS, "");
}

function findGrowing(tokens: Token[], source: string): Token | null {
  if (BLANK_END.test(source)) return null;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index]!;
    if (token.type === "inline" && token.content) {
      const isLine = /^(?:heading|t[hd])_open$/.test(tokens[index - 1]!.type);
      return isLine && source.endsWith("\n") ? null : token;
    }
    if (token.nesting >= 0 && token.type !== "td_open" && token.type !== "inline") return null;
  }
  return null;
}

function readCode(state: StateInline, silent: boolean): boolean {
  if (!envOf(state).growingInline || state.src[state.pos] !== "`") return false;
  if (/[A-Za-z0-9`]/.test(state.src[state.pos - 1] ?? "")) return false;
  const rest = state.src.slice(state.pos, state.posMax);
  const marks = /^`+/.exec(rest)![0];
  if (hasAfter(state, marks)) return false;
  if (!silent) {
    const token = state.push("code_inline", "code", 0);
    token.markup = marks;
    token.content = rest.slice(marks.length).replace(/\n/g, " ").trim();
  }
  state.pos = state.posMax;
  return true;
}

// Where the last row of each length begins is looked for once in a text, not at each row.
const lastRows = new WeakMap<StateInline, Map<string, number>>();

function hasAfter(state: StateInline, marks: string): boolean {
  let rows = lastRows.get(state);
  if (!rows) lastRows.set(state, (rows = new Map(Array.from(state.src.matchAll(/`+/g), (row) => [row[0], row.index]))));
  const last = rows.get(marks) ?? -1;
  return last > state.pos && last < state.posMax;
}

function readLink(state: StateInline, silent: boolean): boolean {
  const isImage = state.src[state.pos] === "!";
  if (!envOf(state).growingInline || (!isImage && state.src[state.pos] !== "[")) return false;
  if (state.posMax - state.pos > MAX_LINK_CHARS) return false;
  const rest = state.src.slice(state.pos, state.posMax);
  const link = /^!?\[((?:\\.|[^[\]\\]|\[[^[\]]*\])*)\]\([^)\n]*$/.exec(rest) ?? /^!\[([^[\]]*)\]?$/.exec(rest);
  if (!link) return false;
  if (!silent) pushLink(state, link[1]!);
  state.pos = state.posMax;
  return true;
}

function pushLink(state: StateInline, label: string): void {
  const children: Token[] = [];
  state.push("link_open", "a", 1);
  state.md.inline.parse(label, state.md, { ...envOf(state), growingInline: false }, children);
  for (const child of children) state.tokens.push(child);
  state.push("link_close", "a", -1);
}

// The notes themselves come last.
function readNote(state: StateInline, silent: boolean): boolean {
  const env = envOf(state);
  if (!env.growing || state.src[state.pos] !== "[" || state.src[state.pos + 1] !== "^") return false;
  const note = /^\[\^([^\]\s]{1,40})\]/.exec(state.src.slice(state.pos, state.pos + 50));
  if (!note) return false;
  if (!silent) {
    if (!env.notes.includes(note[1]!)) env.notes.push(note[1]!);
    state.push("unfinished_note", "", 0).content = String(env.notes.indexOf(note[1]!) + 1);
  }
  state.pos += note[0].length;
  return true;
}

function closeEmphasis(state: StateInline): boolean {
  if (!envOf(state).growingInline) return false;
  const { delimiters } = state;
  const open: number[] = [];
  for (let index = 0; index < delimiters.length; index++) {
    const delimiter = delimiters[index]!;
    if (delimiter.end >= 0) index = delimiter.end;
    else if (delimiter.open && !isInWord(state, delimiter.token)) open.push(index);
  }
  for (const index of open.reverse().slice(0, MAX_OPEN)) pushCloser(state, index);
  return false;
}

function isInWord(state: StateInline, token: number): boolean {
  let before = token - 1;
  while (/^(?:\*+|_+|~~)$/.test(state.tokens[before]?.content ?? "")) before--;
  return /[A-Za-z0-9)\]]$/.test(state.tokens[before]?.content.slice(-1) ?? "");
}

function pushCloser(state: StateInline, index: number): void {
  const opener = state.delimiters[index]!;
  const marker = String.fromCharCode(opener.marker);
  state.push("text", "", 0).content = marker === "~" ? "~~" : marker;
  opener.end = state.delimiters.length;
  state.delimiters.push({
    ...opener, token: state.tokens.length - 1, end: -1, open: false, close: true,
  });
}
