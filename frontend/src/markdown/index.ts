/** Draw Markdown into `container`, changing only what changed. */
export function renderMarkdown(
  container: HTMLElement,
  source: string,
  _options: { complete: boolean },
): void {
  container.textContent = source;
}

/** Draw a prompt as it was typed. */
export function renderPrompt(container: HTMLElement, source: string): void {
  container.textContent = source;
}
