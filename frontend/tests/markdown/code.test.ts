import { afterEach, expect, test, vi } from "vitest";

import { installCodeActions, renderMarkdown, settled } from "../../src/markdown";
import { show } from "./support";
import { read } from "./texts";

afterEach(() => vi.restoreAllMocks());

function codes(container: Element): string[] {
  return [...container.querySelectorAll(".chat-code code")].map((code) => code.textContent ?? "");
}

async function copy(container: HTMLElement): Promise<string> {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  installCodeActions(container);
  container.querySelector<HTMLElement>("[data-act=copy-code]")!.click();
  await vi.waitFor(() => expect(writeText).toHaveBeenCalled());
  vi.unstubAllGlobals();
  return (writeText.mock.calls as unknown as string[][])[0]![0]!;
}

test("Code is shown as it was written, behind a bullet and indented too", async () => {
  expect(codes(await show(read("fence-behind-bullet")))).toEqual(["echo $HOME\n\necho $PATH"]);
  expect(codes(await show(read("indented-code")))).toEqual(['export PATH=$PATH:$HOME/bin\necho "$5 and $6"']);
});

test.each([["python", "Python"], ["c++", "C++"], ["py title=a", "Python"], ["js{1,2}", "JavaScript"], ["text", ""], ["", ""], ["brainf", "brainf"], ["constructor", "constructor"], ["C#", "C#"]])("The language of a fence %j is called %j", async (info, name) => {
  expect((await show(`\`\`\`${info}\nx\n\`\`\``)).querySelector(".chat-code-language")?.textContent).toBe(name);
});

test("Code has its colours, and every character of it", async () => {
  const source = "def f(a):\n    return \"<b>&amp;\"  # `x`\n\n";
  const answer = await show(`\`\`\`python\n${source}\n\`\`\``);
  expect(answer.querySelector(".hljs-keyword")?.textContent).toBe("def");
  expect(codes(answer)).toEqual([source]);
});

test.each(["a", "a\n", "\n\na\n\n", "  indented\n\ttab", "", "a\r\nb"])("Copy gives exactly the code %j", async (code) => {
  expect(await copy(await show(`\`\`\`\n${code}\n\`\`\``))).toBe(code.replaceAll("\r\n", "\n"));
});

test("The wrap button says whether lines are wrapped", async () => {
  const answer = await show("```\nx\n```");
  installCodeActions(answer);
  const button = answer.querySelector<HTMLElement>("[data-act=wrap]")!;
  button.click();
  expect(button.getAttribute("aria-pressed")).toBe("true");
  button.click();
  expect(button.getAttribute("aria-pressed")).toBe("false");
});

test.each(["```", "```py", "```python\n", "```python\nprint(1", "```python\nprint(1)\n`", "```python\nprint(1)\n``", "~~~\nx\n~~", "- ```py\n  x\n  ``"])("The unfinished code %j is code without its fence", async (source) => {
  const answer = await show(source, false);
  expect(answer.querySelectorAll(".chat-code")).toHaveLength(1);
  expect(answer.textContent).not.toContain("`");
  expect(answer.textContent).not.toContain("~");
});

test("The colours stay while more code comes, and so does what is selected", async () => {
  const answer = await show("```python\nfor a in b:", false);
  const keyword = answer.querySelector(".hljs-keyword")!;
  renderMarkdown(answer, "```python\nfor a in b:\n    pass", { complete: false });
  await settled();
  expect(answer.querySelector(".hljs-keyword")).toBe(keyword);
  expect(answer.querySelectorAll(".hljs-keyword")).toHaveLength(3);
});

test("Code of any size is all there, without colours beyond a size", async () => {
  const code = "let a = 1;\n".repeat(40_000);
  const answer = await show(`\`\`\`js\n${code}\`\`\``);
  expect(codes(answer)[0] === code.slice(0, -1)).toBe(true);
  expect(answer.querySelector(".hljs-keyword")).toBeNull();
});

test("Text of any size is all there", async () => {
  const source = `${"Word *word* word. ".repeat(1_000)}\n\n`.repeat(40);
  const answer = await show(source);
  expect(answer.textContent?.match(/word\./g)).toHaveLength(40_000);
});
