// How much of a text is read as Markdown, so that no text is too long for the page.
const MAX_MARKDOWN_CHARS = 150_000;
const PLAIN_CHARS = 16_000;
const FENCE = /^[ \t>]*((?:[-+*]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/gm;

/** Return the fence that is open at the end of `source`; empty when there is none. */
export function findOpenFence(source: string): string {
  let open = "";
  for (const [, bullet, fence = "", info = ""] of source.matchAll(FENCE)) {
    if (!open) {
      if (fence[0] === "~" || !info.includes("`")) open = fence;
    } else if (!bullet && fence.startsWith(open) && !info.trim()) open = "";
  }
  return open;
}

/** Cut a text into what is read as Markdown and what is shown as it stands. */
export function splitPlain(source: string): [markdown: string, plain: string] {
  if (source.length <= MAX_MARKDOWN_CHARS) return [source, ""];
  const lineEnd = source.indexOf("\n", MAX_MARKDOWN_CHARS) + 1;
  const fence = findOpenFence(source.slice(0, lineEnd || MAX_MARKDOWN_CHARS));
  const end = fence ? findFenceEnd(source, fence, lineEnd) : lineEnd || MAX_MARKDOWN_CHARS;
  return [source.slice(0, end), source.slice(end)];
}

/** Cut a plain text into parts, at lines where there are any. */
export function* cutPlain(plain: string): Generator<string> {
  for (let at = 0; at < plain.length; ) {
    const end = findPartEnd(plain, at);
    yield plain.slice(at, end);
    at = end;
  }
}

function findPartEnd(plain: string, start: number): number {
  if (plain.length - start <= PLAIN_CHARS) return plain.length;
  const lineEnd = plain.lastIndexOf("\n", start + PLAIN_CHARS) + 1;
  return lineEnd > start ? lineEnd : start + PLAIN_CHARS;
}

function findFenceEnd(source: string, fence: string, from: number): number {
  const close = source.indexOf(`\n${fence}`, Math.max(0, from - 1));
  const end = close < 0 || from === 0 ? -1 : source.indexOf("\n", close + 1);
  return end < 0 ? source.length : end + 1;
}
