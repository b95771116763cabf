import { expect, test } from "vitest";

import { expected, shown } from "./spec";
import { show } from "./support";

// The extensions' examples of GitHub's specification: https://github.github.com/gfm/.
const TABLES: [markdown: string, html: string][] = [
  ["| foo | bar |\n| --- | --- |\n| baz | bim |", "<table><thead><tr><th>foo</th><th>bar</th></tr></thead><tbody><tr><td>baz</td><td>bim</td></tr></tbody></table>"],
  ["| abc | defghi |\n:-: | -----------:\nbar | baz", "<table><thead><tr><th>abc</th><th>defghi</th></tr></thead><tbody><tr><td>bar</td><td>baz</td></tr></tbody></table>"],
  ["| f\\|oo  |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |", "<table><thead><tr><th>f|oo</th></tr></thead><tbody><tr><td>b <code>|</code> az</td></tr><tr><td>b <strong>|</strong> im</td></tr></tbody></table>"],
  ["| abc | def |\n| --- | --- |\n| bar | baz |\n> bar", "<table><thead><tr><th>abc</th><th>def</th></tr></thead><tbody><tr><td>bar</td><td>baz</td></tr></tbody></table><blockquote><p>bar</p></blockquote>"],
  ["| abc | def |\n| --- | --- |\n| bar | baz |\nbar\n\nbar", "<table><thead><tr><th>abc</th><th>def</th></tr></thead><tbody><tr><td>bar</td><td>baz</td></tr><tr><td>bar</td><td></td></tr></tbody></table><p>bar</p>"],
  ["| abc | def |\n| --- |\n| bar |", "<p>| abc | def |\n| --- |\n| bar |</p>"],
  ["| abc | def |\n| --- | --- |\n| bar |\n| bar | baz | boo |", "<table><thead><tr><th>abc</th><th>def</th></tr></thead><tbody><tr><td>bar</td><td></td></tr><tr><td>bar</td><td>baz</td></tr></tbody></table>"],
  ["| abc | def |\n| --- | --- |", "<table><thead><tr><th>abc</th><th>def</th></tr></thead></table>"],
];
const TASKS: [string, string][] = [
  ["- [ ] foo\n- [x] bar", '<ul><li><input type="checkbox"> foo</li><li><input type="checkbox" checked=""> bar</li></ul>'],
  ["- [x] foo\n  - [ ] bar\n  - [x] baz\n- [ ] bim", '<ul><li><input type="checkbox" checked=""> foo\n<ul><li><input type="checkbox"> bar</li><li><input type="checkbox" checked=""> baz</li></ul></li><li><input type="checkbox"> bim</li></ul>'],
];
const STRUCK: [string, string][] = [
  ["~~Hi~~ Hello, ~~there~~ world!", "<p><del>Hi</del> Hello, <del>there</del> world!</p>"],
  ["This ~~has a\n\nnew paragraph~~.", "<p>This ~~has a</p><p>new paragraph~~.</p>"],
];
const link = (address: string, url = `http://${address}`) => `<a href="${url}">${address}</a>`;
const ADDRESSES: [string, string][] = [
  ["www.commonmark.org", link("www.commonmark.org")],
  ["Visit www.commonmark.org/help for more information.", `Visit ${link("www.commonmark.org/help")} for more information.`],
  ["Visit www.commonmark.org.", `Visit ${link("www.commonmark.org")}.`],
  ["Visit www.commonmark.org/a.b.", `Visit ${link("www.commonmark.org/a.b")}.`],
  ["www.google.com/search?q=Markup+(business)", link("www.google.com/search?q=Markup+(business)")],
  ["www.google.com/search?q=Markup+(business)))", `${link("www.google.com/search?q=Markup+(business)")}))`],
  ["(www.google.com/search?q=Markup+(business))", `(${link("www.google.com/search?q=Markup+(business)")})`],
  ["(www.google.com/search?q=Markup+(business)", `(${link("www.google.com/search?q=Markup+(business)")}`],
  ["www.google.com/search?q=(business))+ok", link("www.google.com/search?q=(business))+ok")],
  ["www.google.com/search?q=commonmark&hl=en", link("www.google.com/search?q=commonmark&amp;hl=en")],
  ["www.google.com/search?q=commonmark&hl;", `${link("www.google.com/search?q=commonmark")}&amp;hl;`],
  ["www.commonmark.org/he<lp", `${link("www.commonmark.org/he")}&lt;lp`],
  ["http://commonmark.org", link("http://commonmark.org", "http://commonmark.org")],
  ["(Visit https://encrypted.google.com/search?q=Markup+(business))", `(Visit ${link("https://encrypted.google.com/search?q=Markup+(business)", "https://encrypted.google.com/search?q=Markup+(business)")})`],
  ["foo@bar.com", link("foo@bar.com", "mailto:foo@bar.com")],
  ["hello+xyz@mail.org", link("hello+xyz@mail.org", "mailto:hello+xyz@mail.org")],
  ["a.b-c_d@a.org.", `${link("a.b-c_d@a.org", "mailto:a.b-c_d@a.org")}.`],
];
// Otherwise than there: one tilde strikes nothing, an e-mail address ends in a domain that is known
// (package@1.2.x is none), and xmpp: is no link.

test.each([...TABLES, ...TASKS, ...STRUCK])("GFM's example %j", async (markdown, html) => {
  expect(shown(await show(markdown))).toBe(expected(html));
});

test.each(ADDRESSES)("GFM's address %j", async (markdown, html) => {
  expect(shown(await show(markdown))).toBe(expected(`<p>${html}</p>`));
});
