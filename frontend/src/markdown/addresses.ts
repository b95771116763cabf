// Which parts of a plain text are addresses: those that GFM sees, up to their real end.
import type MarkdownIt from "markdown-it";

type Linkify = MarkdownIt["linkify"];
type Match = NonNullable<ReturnType<Linkify["match"]>>[number];

const HOST = String.raw`(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?)`;
// Chinese and Japanese write no space behind an address, but their own marks.
const PATH = String.raw`(?::\d{1,5})?(?:[/?#][^\s<>\u0000-\u001F、。，；：？！（）「」『』《》〈〉【】“”‘’…]*)?`;
const AFTER_WWW = new RegExp(`^${HOST}(?:\\.${HOST})+${PATH}`, "u");
const AFTER_SCHEME = new RegExp(`^//(?:${HOST}(?:\\.${HOST})*|\\[[\\da-fA-F:]+\\])${PATH}`, "u");
const TAIL = /(?:[?!.,:;*_~'"]|&[A-Za-z0-9]+;)$/;
const BRACKETS: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** Let linkify see http, https, www and e-mail addresses; a name such as README.md is none. */
export function setAddresses(linkify: Linkify): void {
  const validate = (pattern: RegExp) => (text: string, position: number) =>
    trim(pattern.exec(text.slice(position, position + 2048))?.[0] ?? "").length;
  linkify.set({ fuzzyLink: false, fuzzyEmail: true }).add("ftp:", null).add("//", null);
  linkify.add("http:", { validate: validate(AFTER_SCHEME) }).add("https:", { validate: validate(AFTER_SCHEME) });
  linkify.add("www.", { validate: validate(AFTER_WWW), normalize: (match) => void (match.url = `http://${match.url}`) });
  const match = linkify.match.bind(linkify);
  linkify.match = (text) => match(text)?.map(cutBeforeColon) ?? null;
}

function trim(address: string): string {
  for (;;) {
    const tail = TAIL.exec(address)?.[0] ?? (isUnopened(address) ? ")" : "");
    if (!tail) return address;
    address = address.slice(0, -tail.length);
  }
}

function isUnopened(address: string): boolean {
  const close = address.at(-1) ?? "";
  const open = BRACKETS[close];
  return open !== undefined && address.split(close).length > address.split(open).length;
}

// Of "email:me@example.org" only what is behind the colon is an address.
function cutBeforeColon(match: Match): Match {
  const length = match.schema === "" ? match.text.lastIndexOf(":") + 1 : 0;
  if (length > 0) {
    match.index += length;
    match.text = match.text.slice(length);
    match.url = `mailto:${match.text}`;
  }
  return match;
}
