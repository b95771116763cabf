import { expect, test } from "vitest";

import { show, words } from "./support";
import { read } from "./texts";

test("Notes can be read, and lead there and back", async () => {
  const answer = await show(read("footnotes"));
  const [first] = answer.querySelectorAll<HTMLAnchorElement>(".footnote-ref a");
  const note = answer.querySelector(first!.getAttribute("href")!);
  expect(note?.textContent).toContain("It has little water and much sugar.");
  expect(answer.querySelector(note!.querySelector("a")!.getAttribute("href")!)).toBe(first);
  expect([...answer.querySelectorAll("p a[target]")].map((link) => link.getAttribute("href"))).toEqual(["https://example.org/hives", "https://example.org/bees"]);
});

test.each([
  ["A note[^a].\n\n[^a]: One.\n    Two.\n\n    Three.\n", ["One.", "Two.", "Three."]],
  ["Twice[^1] and[^1].\n\n[^1]: Once.", ["Once."]],
  ["Nothing refers to it.\n\n[^1]: Still here.", ["Still here."]],
  ["In a list:\n\n- a[^1]\n\n[^1]: Note.", ["Note."]],
])("The notes of %j are shown", async (source, notes) => {
  const section = (await show(source)).querySelector(".chat-footnotes")!;
  for (const note of notes) expect(section.textContent).toContain(note);
});

test.each(["See [^1].", "A pattern ^[a-z]+$ here", "[^x"])("%j has no note", async (source) => {
  const answer = await show(source);
  expect(words(answer).trim()).toBe(source);
});

test("Two answers' notes have ids of their own", async () => {
  const answers = [await show("a[^1]\n\n[^1]: b"), await show("a[^1]\n\n[^1]: b")];
  const [one, other] = answers.map((answer) => answer.querySelector("li")!.id);
  expect(one).not.toBe(other);
});

test("Emphasis beside Chinese and Japanese marks is bold", async () => {
  const answer = await show(read("cjk-emphasis"));
  expect([...answer.querySelectorAll("strong")].map((strong) => strong.textContent)).toEqual(["不变。", "「重点」", "具体：", "「重要」"]);
  expect(answer.textContent).not.toContain("*");
});

test.each([["**注意：**请勿", "注意："], ["这是**“引用”**的", "“引用”"], ["**(重要)**です", "(重要)"], ["이것은 **중요(重要)**입니다", "중요(重要)"], ["~~删除。~~后", "删除。"], ["*强调。*后", "强调。"]])("%j is marked", async (source, marked) => {
  expect((await show(source)).querySelector("strong, em, s")?.textContent).toBe(marked);
});

test("Only two tildes strike out", async () => {
  const answer = await show(read("tildes"));
  expect([...answer.querySelectorAll("s, del")].map((struck) => struck.textContent)).toEqual(["Gone"]);
  expect(words(answer)).toContain("It takes ~5 minutes (~10 at most), in ~/data or ~/tmp~.");
});

test("Line breaks, sub and sup are HTML that works; all other HTML is text", async () => {
  const answer = await show(read("inline-html"));
  expect(answer.querySelectorAll("td br")).toHaveLength(2);
  expect([answer.querySelector("sub")?.textContent, answer.querySelector("sup")?.textContent]).toEqual(["2", "2"]);
  expect(answer.textContent).toContain("<kbd>Ctrl</kbd>");
  expect(answer.textContent).toContain("<details><summary>More</summary>Hidden words</details>");
  expect(answer.querySelector("kbd, details")).toBeNull();
});

test.each([
  ["x<SUP>2</SUP>", "<sup>2</sup>"], ["a<BR>b", "<br>"], ["a<br />b", "<br>"], ["<sub>*a*</sub>", "<sub><em>a</em></sub>"], ["**x<sub>i</sub>**", "<strong>x<sub>i</sub></strong>"], ["<sup>a<sub>b</sub></sup>", "<sup>a<sub>b</sub></sup>"],
])("%j holds %s", async (source, html) => {
  expect((await show(source)).innerHTML).toContain(html);
});

test.each(["<sub>open", "a</sub>", "<b>bold</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- a comment -->", "<br", "<sub onclick=a>x</sub>", "<div>\n*a*\n</div>", "<T> and List<String>", "<iframe src=\"http://192.0.2.1\"></iframe>", "<style>*{}</style>"])("%j is text", async (source) => {
  const answer = await show(source);
  expect(words(answer).trim()).toBe(source.replaceAll("*a*", "a"));
  expect(answer.querySelector("sub, sup, br:not(p br), b, script, img, iframe, style, div")).toBeNull();
});

test("Each character of keys, options and arrows is shown as written", async () => {
  const source = read("colons");
  expect(words(await show(source)).replace(/\s/g, "")).toBe(source.replace(/\s/g, ""));
});

test.each([":smile: :+1:", ":red[x] :blue-background[y]", ":material/home:", "(c) (r) (tm) +- -- --- ...", "\"quotes\" 'too'", "==mark== ++ins++", "^sup^ ~sub~", "[[wiki]]", "{{ template }}", "@name #tag", "a_b_c __init__ x", "C:\\dir\\file", "1) a", "a | b", "50% & <5 >3", "http:// and www.", "README.md, main.py, app.js and node.js"])("%j stays as written", async (source) => {
  const answer = await show(`x ${source}`);
  expect(words(answer).trim()).toBe(`x ${source}`.replace("__init__", "init"));
});

test("Right-to-left text runs from the right, its code from the left", async () => {
  const answer = await show(read("right-to-left"));
  expect([...answer.children].map((block) => block.getAttribute("dir"))).toEqual(["rtl", "rtl", "rtl"]);
  expect(answer.querySelector("code")?.getAttribute("dir")).toBe("ltr");
  expect(answer.querySelector("a")).toBeNull();
});

test.each([
  ["مرحبا", ["rtl"]], ["42 – שלום", ["rtl"]], ["Hello مرحبا", ["ltr"]], ["`code` مرحبا", ["rtl"]], ["$x$ مرحبا", ["rtl"]], ["**مرحبا** hello", ["rtl"]], ["42", [null]], ["42\n\nمرحبا", [null, "rtl"]], ["> مرحبا", ["rtl"]],
  ["# مرحبا\n\nHello", ["rtl", "ltr"]], ["- 1\n- مرحبا", ["rtl"]], ["سلام دنیا", ["rtl"]],
])("%j runs from the side of its first letter", async (source, directions) => {
  expect([...(await show(source)).children].map((block) => block.getAttribute("dir"))).toEqual(directions);
});

test("A table of Arabic words begins at the right", async () => {
  expect((await show("| اسم | عمر |\n|---|---|\n| علي | 5 |")).querySelector("table")?.dir).toBe("rtl");
});

test("A link opens elsewhere and does not tell from where", async () => {
  const [link] = (await show("[a](https://example.org)")).querySelectorAll("a");
  expect(link).toMatchObject({ target: "_blank", rel: "noopener noreferrer" });
  expect(link?.getAttribute("referrerpolicy")).toBe("no-referrer");
});

test.each(["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "/settings", "?c=1", "#top", "//example.org", "JaVaScRiPt:alert(1)", "blob:x", "ftp://example.org"])("A link to %s leads nowhere, but says where it would", async (address) => {
  const answer = await show(`[text](${address})`);
  expect(answer.querySelector("[href]")).toBeNull();
  expect(answer.textContent?.trim()).toBe("text");
  expect(answer.querySelector("a")?.title).toContain(address.split(":")[0]!.slice(0, 2));
});

test.each([
  ["见https://example.org/a。然后", "https://example.org/a"], ["（https://example.org/文档）", "https://example.org/文档"], ["**https://example.org**", "https://example.org"], ["see https://example.org/a_b_(c), or", "https://example.org/a_b_(c)"],
  ["\"https://example.org/x\"", "https://example.org/x"], ["http://localhost:8501/?c=1", "http://localhost:8501/?c=1"], ["<https://example.org/a b>", "https://example.org/a"], ["http://[::1]:8080/x", "http://[::1]:8080/x"],
])("In %j the address is %s", async (source, address) => {
  expect((await show(source)).querySelector("a")?.textContent).toBe(address);
});

test.each(["![a spy](http://192.0.2.1/a.png)", "![a spy](http://192.0.2.1/a.png \"t\")", "![a spy][1]\n\n[1]: http://192.0.2.1/a.png", "[![a spy](http://192.0.2.1/a.png)](https://example.org)", "![a spy](data:image/png;base64,AAAA)", "- ![a spy](http://192.0.2.1/bullet.png)", "| ![a spy](http://192.0.2.1/a.png) |\n|---|"])("The picture of %j is not loaded, but named", async (source) => {
  const answer = await show(source);
  expect(answer.innerHTML).not.toMatch(/<img|<image|src=|url\(/);
  expect(answer.textContent?.trim()).toBe("a spy");
});

test("A picture without a name shows its address", async () => {
  expect((await show("![](http://192.0.2.1/a.png)")).querySelector("a")?.textContent).toBe("http://192.0.2.1/a.png");
});

test("Headings fit into the page's outline: no level is left out", async () => {
  const answer = await show("### a\n\n##### b\n\n## c\n\n# d\n\n###### e\n\n> ## f");
  expect([...answer.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => `${heading.localName} ${heading.className}`)).toEqual([
    "h2 chat-heading-3", "h3 chat-heading-5", "h2 chat-heading-2", "h2 chat-heading-1", "h3 chat-heading-6", "h3 chat-heading-2",
  ]);
});

test("A task says what it is about and cannot be changed", async () => {
  const [box, done] = (await show("- [ ] Buy *milk*\n- [x] Drink `it`")).querySelectorAll("input");
  expect([box?.getAttribute("aria-label"), box?.disabled, box?.checked]).toEqual(["Buy milk", true, false]);
  expect([done?.getAttribute("aria-label"), done?.checked]).toEqual(["Drink it", true]);
});

test("A line that ended is shown ended", async () => {
  expect(words(await show("Roses are red,\nviolets are blue.")).trim()).toBe("Roses are red,\nviolets are blue.");
});

test("An empty text is nothing", async () => {
  expect((await show("")).childNodes).toHaveLength(0);
});
