import { expect, test } from "vitest";

import { showPrompt } from "./support";
import { read } from "./texts";

const texts = (container: Element) => [...container.querySelectorAll(".chat-prompt-text")].map((part) => part.textContent);

test.each(["prompt-log", "prompt-python", "prompt-yaml"])("%s is shown as it was typed", async (name) => {
  expect(texts(await showPrompt(read(name)))).toEqual([read(name)]);
});

test("Fenced code in a prompt is code, the rest is as it was typed", async () => {
  const prompt = await showPrompt(read("prompt-mixed"));
  expect(texts(prompt)).toEqual(["First line of the letter,\nsecond line,\nthird line."]);
  expect(prompt.querySelector(".chat-code code")?.textContent).toBe("code");
});

test.each(["# a", "*a* **b** _c_ ~~d~~", "<b>a</b> & <br>", "- a\n  - b", "> a", "$x$ and \\(y\\)", "`a`", "[a](https://b.org)", "![a](http://192.0.2.1/a.png)", "a\n\n\nb", "  a", "```\nopen", "1) retry\n1) again", ":smile:", "مرحبا (كيف)"])("%j is shown as it was typed", async (source) => {
  const prompt = await showPrompt(source);
  expect(texts(prompt).join("")).toBe(source);
  expect(prompt.querySelector("img, b, em, strong, h1, .katex")).toBeNull();
});

test("An address in a prompt is a link", async () => {
  const link = (await showPrompt("See https://example.org/a.")).querySelector("a")!;
  expect(link).toMatchObject({ href: "https://example.org/a", target: "_blank", rel: "noopener noreferrer" });
});

test.each([["line\n".repeat(12).trim(), 0], ["line\n".repeat(13).trim(), 1], ["word ".repeat(400), 1]])("A prompt of many lines is shown in part until one asks for all", async (source, buttons) => {
  const prompt = await showPrompt(source);
  const found = prompt.querySelectorAll<HTMLElement>(".chat-prompt-more");
  expect(found).toHaveLength(buttons);
  if (!found[0]) return;
  expect(prompt.querySelector(".chat-clamped")).not.toBeNull();
  found[0].click();
  expect(prompt.querySelector(".chat-clamped")).toBeNull();
  expect(found[0].getAttribute("aria-expanded")).toBe("true");
});

test.each(["```py\na\n```\nthen", "a\n```\nb\n```\nc\n~~~\nd\n~~~", "````\n```\nx\n```\n````"])("Nothing of %j is lost", async (source) => {
  const prompt = await showPrompt(source);
  const codes = [...prompt.querySelectorAll(".chat-code code")].map((code) => code.textContent);
  const words = [...texts(prompt), ...codes].join(" ");
  for (const word of source.match(/[a-z]+/g)!.filter((word) => word !== "py")) expect(words).toContain(word);
});

test("A fence is closed by one that is as long, and one that nothing closes is text", async () => {
  const prompt = await showPrompt("```\na\n````\nb\n~~~ x\nc\n~~~~ y\nd\n```js\ne\n```");
  expect([...prompt.querySelectorAll(".chat-code code")].map((code) => code.textContent)).toEqual(["a", "e"]);
  expect(texts(prompt)).toEqual(["b\n~~~ x\nc\n~~~~ y\nd"]);
});
