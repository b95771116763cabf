import { track } from "./work";

type RenderTex = typeof import("./katex").renderTex;

const MAX_CACHED = 500;
const cache = new Map<string, string | null>();
const waiting = new Set<() => void>();
let renderTex: RenderTex | undefined;
let isMissing = false;

/** Return the HTML of a formula; null while KaTeX is being loaded, and for what is no TeX. */
export function drawFormula(tex: string, isDisplay: boolean): string | null {
  if (!renderTex) {
    isMissing = true;
    return null;
  }
  const key = `${isDisplay}${tex}`;
  if (!cache.has(key)) {
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, wrap(renderTex(tex, isDisplay) ?? renderTex(tex, true)));
  }
  return cache.get(key)!;
}

/** Call `redraw` when KaTeX is there, if a formula missed it since the last call. */
export function awaitFormulas(redraw: () => void): void {
  if (!isMissing) return;
  isMissing = false;
  waiting.add(redraw);
  if (waiting.size === 1) track(load());
}

async function load(): Promise<void> {
  const module = await import("./katex").catch(() => null);
  if (module) renderTex = module.renderTex;
  const redraws = [...waiting];
  waiting.clear();
  if (module) for (const redraw of redraws) redraw();
}

function wrap(html: string | null): string | null {
  return html && `<span dir="ltr">${html}</span>`;
}
