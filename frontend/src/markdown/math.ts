// Formulas in a text: $…$, $$…$$, \(…\), \[…\] and environments, but neither prices nor code.
import type MarkdownIt from "markdown-it";
import type StateBlock from "markdown-it/lib/rules_block/state_block.mjs";
import type StateInline from "markdown-it/lib/rules_inline/state_inline.mjs";

import { envOf } from "./env";

/** A formula in a text: its TeX, how it is set, and where its closing mark ends. */
export interface Formula {
  tex: string;
  isDisplay: boolean;
  end: number;
}

interface Marks {
  open: string;
  close: string;
  isDisplay: boolean;
}

const MAX_FORMULA_CHARS = 5_000;
const MAX_DOLLAR_CHARS = 1_000;
const MAX_FORMULA_LINES = 200;
const ENVIRONMENT =
  /^\\begin\{((?:align|alignat|equation|gather|multline|eqnarray|aligned|alignedat|gathered|split|d?cases|[dr]?cases|array|darray|[pbvBV]?matrix|smallmatrix|CD|subarray)\*?)\}/;
const COMMAND = /\\[A-Za-z]+|\\[,;!|{}%]/;
// A small letter or nothing before the mark: not a name such as PATH_A.
const SCRIPT = /(?:^|[^A-Za-z])[A-Za-z]?[_^](?=\S)/;
const SHORT = /^\(?-?\d*[A-Za-zΑ-ω]['′]*(?:[+\-*/]\d+)?\)?$/;
const PROSE = /[\p{L}\p{N}.,;:!?)]\s+\p{L}{2,}(?=[\s,.;:!?]|$)/u;
const WORDS = /\p{L}{2}\s+\p{L}{2}/u;
const WORD = /^\s*\p{L}{2,}\s*$/u;
const FOREIGN = /(?![\p{Script=Latin}\p{Script=Greek}])\p{L}/u;
const OPERATOR = /[=<>≤≥≈+×·÷/^_|]/;
const BRACES = /\{[^{}]*\}/g;

/** Return the formula that begins at `start`, or null where its mark is only a character. */
export function findFormula(source: string, start: number, end: number): Formula | null {
  const marks = marksAt(source, start);
  if (!marks) return null;
  const from = start + marks.open.length;
  const close = findClose(source, from, Math.min(end, from + maxChars(marks)), marks.close);
  if (close < 0) return null;
  const after = close + marks.close.length;
  const tex = marks.open.startsWith("\\b") ? source.slice(start, after) : source.slice(from, close);
  if (marks.close === "$$" && source[after] === "$") return null;
  const isFormula = marks.open === "$" ? isDollarFormula(source, start, close, end) : isTex(tex);
  return isFormula ? { tex: tex.trim(), isDisplay: marks.isDisplay, end: after } : null;
}

/** Is this the beginning of a formula of which the end has not come yet? */
export function isUnfinishedFormula(source: string): boolean {
  const marks = marksAt(source, 0);
  if (!marks || source.length > maxChars(marks)) return false;
  if (findClose(source, marks.open.length, source.length, marks.close) >= 0) return false;
  const tex = source.slice(marks.open.length);
  if (marks.open !== "$") return tex.trim() === "" || isTex(tex);
  return /^\S/.test(tex) && hasTex(tex) && !PROSE.test(withoutBraces(tex));
}

/** Let markdown-it know formulas. */
export function addFormulas(md: MarkdownIt): void {
  md.inline.ruler.before("escape", "formula", readInline);
  md.block.ruler.before("fence", "formula", readBlock, { alt: ["paragraph", "reference", "blockquote"] });
}

function marksAt(source: string, start: number): Marks | null {
  const two = source.slice(start, start + 2);
  if (two === "$$") return source[start + 2] === "$" ? null : { open: "$$", close: "$$", isDisplay: true };
  if (two === "\\[") return { open: two, close: "\\]", isDisplay: true };
  if (two === "\\(") return { open: two, close: "\\)", isDisplay: false };
  if (two[0] === "$") return { open: "$", close: "$", isDisplay: false };
  const environment = two === "\\b" && ENVIRONMENT.exec(source.slice(start, start + 24));
  return environment
    ? { open: environment[0], close: `\\end{${environment[1]}}`, isDisplay: true }
    : null;
}

function maxChars(marks: Marks): number {
  return marks.open === "$" ? MAX_DOLLAR_CHARS : MAX_FORMULA_CHARS;
}

function findClose(source: string, from: number, end: number, close: string): number {
  let depth = 0;
  for (let at = from; at < end; at++) {
    if (depth <= 0 && source.startsWith(close, at) && at + close.length <= end) return at;
    const character = source[at];
    if (character === "\\") {
      if (close.length === 2 && close[0] === "\\" && source[at + 1] === (close === "\\)" ? "(" : "[")) return -1;
      at++;
    } else if (character === "{") depth++;
    else if (character === "}") depth--;
    else if (depth <= 0 && character === "`" && close[0] === "$") return -1;
  }
  return -1;
}

function isDollarFormula(source: string, start: number, close: number, end: number): boolean {
  const tex = source.slice(start + 1, close);
  const [before, after] = [start > 0 ? source[start - 1]! : " ", close + 1 < end ? source[close + 1]! : " "];
  if (!tex || /^\s|\s$/.test(tex) || before === "$" || after === "$") return false;
  if (hasTex(tex)) return !PROSE.test(withoutBraces(tex)) || COMMAND.test(tex);
  if (/\d/.test(after) || /\w/.test(before)) return false;
  if (/[A-Za-z]/.test(after) && !SHORT.test(tex)) return false;
  if (PROSE.test(tex)) return false;
  return !FOREIGN.test(tex) || (!/^\d/.test(tex) && OPERATOR.test(tex));
}

function isTex(tex: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(tex)) return false;
  return hasTex(tex) || !(WORDS.test(tex) || WORD.test(tex));
}

function hasTex(tex: string): boolean {
  return COMMAND.test(tex) || SCRIPT.test(tex);
}

function withoutBraces(tex: string): string {
  return tex.replace(BRACES, "").replace(BRACES, "");
}

function readInline(state: StateInline, silent: boolean): boolean {
  const character = state.src[state.pos];
  if (character !== "$" && character !== "\\") return false;
  const formula = findFormula(state.src, state.pos, state.posMax);
  if (!formula) return readUnfinished(state, silent);
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = formula.tex;
    token.markup = state.src.slice(state.pos, formula.end);
    token.meta = { isDisplay: formula.isDisplay };
  }
  state.pos = formula.end;
  return true;
}

function readUnfinished(state: StateInline, silent: boolean): boolean {
  if (!envOf(state).growingInline) return false;
  if (state.posMax - state.pos > MAX_FORMULA_CHARS) return false;
  const rest = state.src.slice(state.pos, state.posMax);
  if (!isUnfinishedFormula(rest)) return false;
  if (!silent) state.push("formula_source", "", 0).content = rest;
  state.pos = state.posMax;
  return true;
}

function readBlock(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false;
  const start = state.bMarks[startLine]! + state.tShift[startLine]!;
  const marks = marksAt(state.src, start);
  if (!marks?.isDisplay) return false;
  const last = findLastLine(state, startLine, endLine, marks);
  if (last > endLine) return false;
  const source = state.getLines(startLine, Math.min(last + 1, endLine), state.blkIndent, false).trim();
  if (last === endLine) return pushUnfinished(state, startLine, endLine, source, silent);
  const formula = findFormula(source, 0, source.length);
  const rest = formula && source.slice(formula.end).trim();
  if (!formula || !/^[.,;:!?]?$/.test(rest!)) return false;
  if (!silent) pushFormula(state, startLine, last, source, formula.tex + rest);
  return true;
}

// Return `endLine` when the formula is open there, and more when it cannot be one.
function findLastLine(state: StateBlock, startLine: number, endLine: number, marks: Marks): number {
  for (let line = startLine; line < endLine; line++) {
    const isFirst = line === startLine;
    const text = state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]);
    if (!isFirst && text && state.sCount[line]! < state.blkIndent) return endLine + 1;
    if (!isFirst && (/^(?:```|~~~|#{1,6} )/.test(text) || isOpenedAgain(text, marks))) return endLine + 1;
    if (line - startLine > MAX_FORMULA_LINES) return endLine + 1;
    if (text.indexOf(marks.close, isFirst ? marks.open.length : 0) >= 0) return line;
  }
  return endLine;
}

function isOpenedAgain(line: string, { open, close }: Marks): boolean {
  return open !== close && line.startsWith(open);
}

function pushUnfinished(
  state: StateBlock, startLine: number, endLine: number, source: string, silent: boolean,
): boolean {
  const isEnd = state.eMarks[endLine - 1]! >= state.src.trimEnd().length;
  if (!envOf(state).growing || !isEnd || !isUnfinishedFormula(source)) return false;
  if (!silent) {
    const token = state.push("formula_source_block", "", 0);
    token.content = source;
    token.map = [startLine, endLine];
    state.line = endLine;
  }
  return true;
}

function pushFormula(state: StateBlock, startLine: number, last: number, source: string, tex: string): void {
  const token = state.push("formula_block", "", 0);
  token.content = tex;
  token.markup = source;
  token.map = [startLine, last + 1];
  state.line = last + 1;
}
