import { tests } from "commonmark-spec";
import { expect, test } from "vitest";

import { expected, hasHtml, shown } from "./spec";
import { show } from "./support";

// Everywhere: no HTML, so that the examples with HTML are left out; a picture is a link; only
// http, https and mailto addresses are followed, another one is the link's title; a heading's
// level is that of the page's outline. And in single examples:
const OTHERWISE: Record<number, string> = {
  196: "the sanitizer takes the line breaks from the ends of a title",
  602: "an address in a text is a link",
  608: "an address in a text is a link",
  611: "an address in a text is a link",
  612: "an address in a text is a link",
};

const examples = tests.filter(({ markdown, number }) => !hasHtml(markdown.replaceAll("→", "\t")) && !(number in OTHERWISE));

test.each(examples)("CommonMark's example $number ($section)", async ({ markdown, html }) => {
  const tabs = (text: string) => text.replaceAll("→", "\t");
  expect(shown(await show(tabs(markdown)))).toBe(expected(tabs(html)));
});
