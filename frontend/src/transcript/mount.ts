/** What Streamlit hands a component at each of its runs. */
export interface ComponentArgs {
  data: unknown;
  parentElement: HTMLElement | ShadowRoot;
  setTriggerValue: (name: string, value: unknown) => void;
}

/** Show the open conversation in the component's place; called again with each new `data`. */
export function mountTranscript(args: ComponentArgs): void {
  args.parentElement.textContent = JSON.stringify(args.data);
}
