import MarkdownIt from "markdown-it";

const reference = MarkdownIt("commonmark");
const textOnly = MarkdownIt("commonmark", { html: false });
const FOLLOWED = /^(?:https?:\/\/|mailto:)/i;
const OWN_ATTRIBUTES = new Set(["dir", "class", "target", "rel", "referrerpolicy", "aria-label", "disabled", "style"]);

/** Does a text hold HTML, which is text here? */
export function hasHtml(source: string): boolean {
  return reference.render(source) !== textOnly.render(source);
}

/** Return what a specification expects, with the differences that this chat wants. */
export function expected(html: string): string {
  const root = parse(html);
  for (const image of root.querySelectorAll("img")) image.replaceWith(...linkImage(image));
  for (const link of root.querySelectorAll("a")) keepFollowed(link);
  return describe(root);
}

/** Return what the chat shows, without what is only ours. */
export function shown(container: Element): string {
  const root = container.cloneNode(true) as Element;
  for (const heading of root.querySelectorAll("[class^=chat-heading]")) {
    const fresh = document.createElement(`h${heading.className.slice(-1)}`);
    fresh.append(...heading.childNodes);
    heading.replaceWith(fresh);
  }
  for (const card of root.querySelectorAll(".chat-code")) {
    const pre = document.createElement("pre");
    pre.append(document.createElement("code"));
    pre.firstElementChild!.textContent = card.querySelector("code")!.textContent;
    card.replaceWith(pre);
  }
  for (const box of root.querySelectorAll(".chat-table")) box.replaceWith(...box.childNodes);
  return describe(root);
}

function parse(html: string): Element {
  const root = document.createElement("div");
  root.innerHTML = html;
  return root;
}

function linkImage(image: HTMLImageElement): (Node | string)[] {
  const address = image.getAttribute("src") ?? "";
  const label = image.alt || (FOLLOWED.test(address) ? address : "");
  if (image.closest("a") || !FOLLOWED.test(address)) return [label];
  const link = document.createElement("a");
  link.setAttribute("href", address);
  if (image.title) link.title = image.title;
  link.textContent = label;
  return [link];
}

function keepFollowed(link: HTMLAnchorElement): void {
  const address = link.getAttribute("href") ?? "";
  if (FOLLOWED.test(address)) return;
  link.removeAttribute("href");
  if (address && !link.title) link.title = address;
}

function describe(node: Node): string {
  if (node instanceof Text) return node.data;
  if (!(node instanceof Element)) return "";
  const inner = [...node.childNodes].map(describe).join("");
  if (node.localName === "br") return "\n";
  if (node.localName === "pre") return `<pre>${(node.textContent ?? "").replace(/\n$/, "")}</pre>\n`;
  const attributes = [...node.attributes]
    .filter(({ name }) => !OWN_ATTRIBUTES.has(name))
    .map(({ name, value }) => ` ${name}="${value}"`)
    .sort();
  const isInline = /^(?:a|em|strong|code|s|del|sub|sup|span|input)$/.test(node.localName);
  const tag = node.localName === "s" ? "del" : node.localName;
  const content = isInline ? inner : inner.replace(/[ \t]*\n\s*/g, "\n").trim();
  return `<${tag}${attributes.join("")}>${content}</${tag}>${isInline ? "" : "\n"}`;
}
