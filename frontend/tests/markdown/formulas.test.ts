import { beforeAll, expect, test } from "vitest";

import { formulas, show, words } from "./support";
import { read } from "./texts";

beforeAll(async () => {
  await show("$x$"); // KaTeX is there
});

test("Formulas among words are drawn, and prices stay prices", async () => {
  const answer = await show(read("formulas"));
  expect(formulas(answer)).toEqual([
    "v = \\frac{\\text{change in distance}}{\\text{time taken}}", "\\text{Area of circle} = \\pi r^2", "\\text{number of items} = n",
    "_2", "_2", "^\\circ", "n", "\\times", "k",
  ]);
  expect(words(answer)).toContain("Prices stay prices: $5 and $6, or $1,000 to $2,000 a month.");
});

test("Display formulas hold blank lines and stand in lists, and leave the text alone", async () => {
  const answer = await show(read("display-formulas"));
  expect(answer.querySelectorAll(".katex-display")).toHaveLength(5);
  expect(words(answer)).toContain("Then this sentence must be plain text.");
  expect(answer.querySelectorAll("li .katex-display")).toHaveLength(2);
  expect(answer.querySelector(".katex-error")).toBeNull();
});

test.each([
  "It costs $5, or $10 with tax.", "From $5 to $10, $15 at most.", "$5-$10", "$5/$10", "5$–10$", "5$ and 6$", "US$5, C$6 and A$7", "US$", "$1,000,$2,000",
  "A $100k budget and $2M in sales.", "$AAPL and $MSFT, $AAPL/$MSFT", "$HOME/bin:$PATH", "${HOME} and ${PATH}", "Use $1 and $2 in the pattern.", "price: $5; tax: 10$",
  "I have $20 in cash, or 10$ here", "Das kostet 5 $ oder 6 $.", "价格是$5，而不是$6。", "от $5 до 10$", "It is $5.\nThen 6$ more.", "rated $$ to $$$", "$", "$$", "$ 5 $", "a $ b $ c",
  "$5 (about $6 there)", "$_GET and $_POST", "echo $PATH_A:$PATH_B", "the $-sign and the $-mark", "$5*2$6",
])("%j holds no formula", async (source) => {
  const answer = await show(source);
  expect(formulas(answer)).toEqual([]);
  expect(words(answer).trim()).toBe(source);
});

test("Prices keep their emphasis", async () => {
  const answer = await show("**$5** and **$6**, or *$7* to *$8*");
  expect(formulas(answer)).toEqual([]);
  expect(words(answer).trim()).toBe("$5 and $6, or $7 to $8");
});

test.each([
  ["$x$", ["x"]], ["$10$ apples", ["10"]], ["$a + b$, $c$.", ["a + b", "c"]], ["($x$)", ["x"]], ["**$x$**", ["x"]], ["$x$-axis", ["x"]], ["is $x=5$?", ["x=5"]], ["$n$-th and $n$th", ["n", "n"]],
  ["It costs $5, where $x^2$ counts.", ["x^2"]], ["$5 at $x^2$ each", ["x^2"]], ["$x^2$ costs $5", ["x^2"]], ["$\\alpha$ and $\\beta$", ["\\alpha", "\\beta"]],
  ["$a_1$, $a_2$ and *this*", ["a_1", "a_2"]], ["$\\{1, 2\\}$", ["\\{1, 2\\}"]], ["$\\text{if $x$ is}$", ["\\text{if $x$ is}"]], ["$f: A \\to B$", ["f: A \\to B"]], ["$|x| < 1$", ["|x| < 1"]],
  ["$a +\nb$", ["a +\nb"]], ["\\(a\\) and \\( b \\)", ["a", "b"]], ["$$x$$", ["x"]], ["a $$x$$ b", ["x"]], ["where: $$\nx = 1\n$$", ["x = 1"]], ["\\[ x = 1 \\].", ["x = 1."]], ["$$\nx\n$$\ntext", ["x"]],
  ["text\n$$\nx\n$$", ["x"]], ["text\n\\[\nx\n\\]\ntext", ["x"]], ["- $$\n  x\n  $$\n- $y$", ["x", "y"]], ["1. a\n\n   \\[\n   x\n   \\]", ["x"]], ["> $$\n> x\n> $$", ["x"]], ["# On $x^2$", ["x^2"]],
  ["| a | b |\n|---|---|\n| $x^2$ | \\(y\\) |", ["x^2", "y"]], ["\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", ["\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"]],
  ["Then \\begin{pmatrix} 1 \\end{pmatrix} it is", ["\\begin{pmatrix} 1 \\end{pmatrix}"]], ["$$\\begin{cases} 1 & x > 0 \\\\ 0 & x = 0 \\end{cases}$$", ["\\begin{cases} 1 & x > 0 \\\\ 0 & x = 0 \\end{cases}"]],
  ["$\\ce{H2O}$", ["\\ce{H2O}"]], ["$$E = mc^2 \\label{eq:1}$$", ["E = mc^2 \\label{eq:1}"]], ["$100\\%$", ["100\\%"]], ["$\\$5$", ["\\$5"]], ["$速度 = 距离 / 时间$", ["速度 = 距离 / 时间"]], ["设$x$为$y$的值", ["x", "y"]],
  ["[$x$](https://example.org)", ["x"]], ["$\\frac{1}{2}$cup", ["\\frac{1}{2}"]], ["2$\\frac{1}{2}$", ["\\frac{1}{2}"]], ["$\\approx$5", ["\\approx"]], ["$1.5 \\times 10^3$", ["1.5 \\times 10^3"]], ["$$ a = b $$\n\n$$ c $$", ["a = b", "c"]],
])("%j is drawn", async (source, tex) => {
  const answer = await show(source);
  expect(formulas(answer)).toEqual(tex);
  expect(answer.querySelector(".chat-formula-source")).toBeNull();
});

test.each(["`$x$`", "    $x$ y", "```\n$x$\n$$\n```", "`\\(x\\)`", "\\$x\\$", "\\\\(x\\\\)"])("%j is no formula", async (source) => {
  expect(formulas(await show(source))).toEqual([]);
});

test.each([
  ["$\\frac{1}$", "$\\frac{1}$"], ["$$\\begin{align} a$$", "$$\\begin{align} a$$"], ["\\(\\nosuchcommand{x}\\)", "\\(\\nosuchcommand{x}\\)"], ["\\begin{itemize}\n\\item a\n\\end{itemize}", "\\begin{itemize}\n\\item a\n\\end{itemize}"],
])("%j, which is no TeX that can be drawn, stays as it was written", async (source, shown) => {
  const answer = await show(source);
  expect(words(answer).trim()).toBe(shown);
  expect(answer.querySelector(".katex-error")).toBeNull();
});

test.each(["$\\href{javascript:alert(1)}{x}$", "$\\includegraphics{http://192.0.2.1/a.png}$", "$\\htmlClass{a}{x}$", "$\\url{http://192.0.2.1}$"])("%j runs and loads nothing", async (source) => {
  const answer = await show(source);
  expect(answer.querySelector("img, a[href], script")).toBeNull();
});

test("A formula without end does not take the page's time or room", async () => {
  const [rule] = (await show("$\\rule{9999em}{9999em}$")).getElementsByTagName("mspace");
  expect(rule?.getAttribute("width")).toBe("20em");
  await show("$\\def\\a{\\a\\a}\\a$");
  await show(`$${"{".repeat(3000)}x$`);
});
