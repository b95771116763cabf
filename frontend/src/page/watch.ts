/** Call `onChange` after the page around the transcript has changed, and once now. */
export function watchPage(onChange: () => void): void {
  const observer = new MutationObserver((changes) => {
    if (changes.some(({ target }) => !isInTranscript(target))) onChange();
  });
  observer.observe(document.body, { childList: true, subtree: true });
  onChange();
}

// Which changes ten times a second while an answer is written.
function isInTranscript(node: Node): boolean {
  const element = "closest" in node ? (node as Element) : node.parentElement;
  return element?.closest(".chat-transcript") != null;
}
