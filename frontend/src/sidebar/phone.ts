const NEW_CHAT = ".st-key-new button";
const COLLAPSE = '[data-testid="stSidebarCollapseButton"] button';

/** Close the sidebar where it covers the conversation that was chosen. */
export function closeOnPhone(): void {
  if (matchMedia("(max-width: 768px)").matches) {
    document.querySelector<HTMLButtonElement>(COLLAPSE)?.click();
  }
}

/** Close it there after a new chat too, whose button is Streamlit's. */
export function closeAfterNewChat(): () => void {
  const onClick = (event: MouseEvent): void => {
    if ((event.target as Element).closest(NEW_CHAT)) closeOnPhone();
  };
  addEventListener("click", onClick);
  return () => removeEventListener("click", onClick);
}
