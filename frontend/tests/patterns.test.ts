// Each pattern of ours reads a megabyte of hostile text in a time that its length alone sets.
import { expect, test } from "vitest";

import { renderPrompt } from "../src/markdown";
import { readBlocks } from "../src/markdown/blocks";

const files = import.meta.glob<string>("../src/**/*.{ts,tsx}", { eager: true, import: "default", query: "?raw" });
const CHARS = 1_000_000;
const HANG_MS = 30_000; // what reads at each place all that follows takes hours for a megabyte

// What some are never given more than, which their modules see to.
const BOUNDED: Record<string, number> = {
  "markdown/math.ts": 5_000, // MAX_FORMULA_CHARS
  "markdown/unfinished.ts OPEN_MARKS": 200, // MAX_MARK_CHARS
};

const UNITS = [
  "a", "0", " ", "\n", "\t", "\\", "<", "[", "]", "`", "*", "_", "~", "|", "-", "$", "{", "}", "(", ")", "&", "!", "#", ":", "'", "/", ">",
  "aa ", "a\n", " \n", "\n \n", "&a", "&a;", "&#", "![", "[a](", "[^", "[^a]: ", "> ", "- ", "1. ", "- [ ", "- [ ] ", "\\\\", "| ", "|-", "|:-", "<b", "<sub>",
  "www.a.", "http://a.", "https://a/", "a@b.", "a.", "a_", "/a", "é", "日本", "مر", "```\n", "~~~ a\n", "`a", "$a", "$$\n", "\\(", "\\begin{a}", "{a", "\\begin{align}\n",
];

// What the rules that we add to the parser look for, and what its own lists and tables are made of.
const SHOWN = ["a ", "\n", "`a ", "*_a", "![", "[a](", "[^a]", "|a", "|a\n", "$a", "\\(a", "$$\n", "> ", "- ", "<sub>", "https://a/", "~~~~ a\n"];

// A literal stands behind what cannot end a value; a comment's or a quotient's slash does not.
const LITERAL = /(?<=[=(,:!&|?[]\s*|return )\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([dgimsuvy]*)/g;

function* listPatterns(): Generator<[name: string, pattern: RegExp, chars: number]> {
  for (const [path, code] of Object.entries(files)) {
    const file = path.slice("../src/".length);
    for (const { index, 0: literal, 1: source, 2: flags } of code.matchAll(LITERAL)) {
      const constant = /const (\w+) =\s*$/.exec(code.slice(0, index))?.[1] ?? "";
      const chars = BOUNDED[`${file} ${constant}`] ?? BOUNDED[file] ?? CHARS;
      yield [`${file} ${literal}`, new RegExp(source!, flags), chars];
    }
  }
}

function fill(unit: string, chars: number): string {
  return `${unit.repeat(Math.ceil(chars / unit.length))}!`;
}

function use(pattern: RegExp, text: string): void {
  if (pattern.global) expect(text.replace(pattern, "$&")).toBe(text);
  else pattern.exec(text);
}

/** Run it with a tenth first, and with the whole only if that did not take for ever. */
function read(what: string, chars: number, action: (chars: number) => void): void {
  for (const part of [chars / 100, chars / 10, chars]) {
    const start = performance.now();
    action(part);
    const took = performance.now() - start;
    if (took > HANG_MS) throw new Error(`${what}: ${part} characters take ${took.toFixed(0)} ms`);
  }
}

test("The patterns are found", () => {
  expect([...listPatterns()].length).toBeGreaterThan(50);
});

test.each([...listPatterns()])("%s reads hostile texts", (name, pattern, chars) => {
  for (const unit of UNITS) read(`${name} on ${JSON.stringify(unit)}`, chars, (part) => use(pattern, fill(unit, part)));
}, 300_000);

test.each(SHOWN)("A megabyte of %j is read as an answer, while it comes and after, and drawn as a prompt", (unit) => {
  const readers = {
    answer: (text: string) => readBlocks(text, "0", true),
    growing: (text: string) => readBlocks(text, "0", false),
    prompt: (text: string) => renderPrompt(document.createElement("div"), text),
  };
  for (const [name, action] of Object.entries(readers)) {
    read(`${name} of ${JSON.stringify(unit)}`, CHARS, (part) => action(fill(unit, part)));
  }
}, 300_000);
