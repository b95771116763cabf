// A text as top-level blocks: Markdown as far as it is read, and plain text beyond.
import type { Code } from "./env";
import { cutPlain, splitPlain } from "./limits";
import { parseMarkdown } from "./parser";
import { holdBack } from "./unfinished";

/** A top-level block of an answer; equal blocks look the same. */
export interface Block {
  html: string;
  codes: Code[];
}

/** Return the blocks of a text; one that is not complete may go on anywhere. */
export function readBlocks(source: string, docId: string, isComplete: boolean): Block[] {
  const [markdown, plain] = splitPlain(source);
  if (plain) return [...parseMarkdown(markdown, docId, false), ...[...cutPlain(plain)].map(plainBlock)];
  if (isComplete) return parseMarkdown(markdown, docId, false);
  return parseMarkdown(holdBack(markdown), docId, true);
}

/** Do two blocks look the same? */
export function isSameBlock(one: Block, other: Block): boolean {
  if (one.html !== other.html || one.codes.length !== other.codes.length) return false;
  return one.codes.every((code, index) =>
    code.text === other.codes[index]!.text && code.language === other.codes[index]!.language);
}

function plainBlock(part: string): Block {
  const element = document.createElement("p");
  element.className = "chat-plain";
  element.textContent = part;
  return { html: element.outerHTML, codes: [] };
}
