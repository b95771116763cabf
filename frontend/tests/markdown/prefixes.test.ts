import fc from "fast-check";
import { expect, test } from "vitest";

import { renderMarkdown, settled } from "../../src/markdown";
import { isSameBlock, readBlocks } from "../../src/markdown/blocks";
import { show } from "./support";
import { answerNames, read } from "./texts";

// What the end of a text may change above: what a link or a note refers to comes later.
const withoutReferences = (source: string) => source.replace(/^\[.+?\]:.*$/gm, "").replace(/\[\^\w+\]|\[[^\]]*\]\[\w+\]/g, "x");

function expectNoChangeAbove(source: string): void {
  const final = readBlocks(source, "0", true);
  for (let end = 1; end < source.length; end++) {
    const blocks = readBlocks(source.slice(0, end), "0", false);
    const changed = blocks.slice(0, -1).findIndex((block, index) => !final[index] || !isSameBlock(block, final[index]));
    expect(changed, `a block above changes after ${JSON.stringify(source.slice(Math.max(0, end - 60), end))}: ${JSON.stringify(blocks[changed])}`).toBe(-1);
  }
}

test.each(answerNames())("What is complete in %s does not change while the rest comes", async (name) => {
  await show("$x$"); // KaTeX is there
  expectNoChangeAbove(withoutReferences(read(name)));
});

test.each(answerNames())("%s looks the same whether it came at once or bit by bit", async (name) => {
  const source = read(name);
  const whole = await show(source);
  const grown = document.createElement("div");
  document.body.append(grown);
  for (let end = 1; end < source.length; end += 3) renderMarkdown(grown, source.slice(0, end), { complete: false });
  renderMarkdown(grown, source, { complete: true });
  await settled();
  const plain = (container: Element) => container.innerHTML.replace(/(?:fn|fnref)-\d+-/g, "");
  expect(plain(grown)).toBe(plain(whole));
});

const piece = fc.constantFrom(
  "a", "word ", " ", "\n", "\n\n", "*", "**", "_", "~~", "`", "```", "```py\n", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\begin{align}",
  "[", "](", ")", "![", "|", "|---|---|\n", "- ", "1. ", "> ", "# ", "<br>", "<sub>", "</sub>", "[^1]", "[^1]: ", "- [ ] ", "    ", "x^2", "\\frac{1}{2}", "{", "}", "&amp;", "https://example.org/", "日本", "مرحبا", "5",
);

test("Any text renders at each of its prefixes, and at once as bit by bit", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
      const container = document.createElement("div");
      for (let end = 1; end <= pieces.length; end++) {
        renderMarkdown(container, pieces.slice(0, end).join(""), { complete: end === pieces.length });
      }
      const whole = document.createElement("div");
      renderMarkdown(whole, pieces.join(""), { complete: true });
      await settled();
      const plain = (element: Element) => element.innerHTML.replace(/(?:fn|fnref)-\d+-/g, "");
      expect(plain(container)).toBe(plain(whole));
    }),
    { numRuns: 100 },
  );
});

test.each(["| a | b |", "| a | b |\n", "| a | b |\n|", "| a | b |\n|--", "| a | b |\n|---|-", "| a | b"])("The unfinished table %j is a table", async (source) => {
  const answer = await show(source, false);
  expect([...answer.querySelectorAll("th")].map((cell) => cell.textContent)).toEqual(["a", "b"]);
});
