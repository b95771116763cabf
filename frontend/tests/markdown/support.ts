import { renderMarkdown, renderPrompt, settled } from "../../src/markdown";

/** Return what a finished answer looks like, with formulas and colours. */
export async function show(source: string, complete = true): Promise<HTMLElement> {
  const container = document.createElement("div");
  document.body.append(container);
  renderMarkdown(container, source, { complete });
  await settled();
  return container;
}

/** Return what a prompt looks like. */
export async function showPrompt(source: string): Promise<HTMLElement> {
  const container = document.createElement("div");
  document.body.append(container);
  renderPrompt(container, source);
  await settled();
  return container;
}

/** Return the TeX of the formulas that were drawn. */
export function formulas(container: HTMLElement): string[] {
  return [...container.querySelectorAll("annotation")].map((element) => element.textContent ?? "");
}

/** Return an element's words as a reader sees them, each formula once, as its TeX. */
export function words(container: HTMLElement): string {
  const copy = container.cloneNode(true) as HTMLElement;
  for (const formula of copy.querySelectorAll(".katex")) formula.replaceWith(`⟦${formula.querySelector("annotation")?.textContent}⟧`);
  for (const line of copy.querySelectorAll("br")) line.replaceWith("\n");
  return copy.textContent ?? "";
}
