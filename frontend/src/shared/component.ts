import { render, type VNode } from "preact";

/** What Streamlit hands a component at each of its runs. */
export interface ComponentArgs {
  data: unknown;
  parentElement: HTMLElement | ShadowRoot;
  setTriggerValue: (name: string, value: unknown) => void;
}

/**
 * Return what mounts a component that `draw` draws from its data. Streamlit may take it out and put
 * it back: its elements, with the focus' place and what was typed, stay the same.
 */
export function makeMount<Data, Act>(
  name: string,
  draw: (data: Data, act: (act: Act) => void) => VNode,
): (args: ComponentArgs) => void {
  let host: HTMLElement | null = null;
  return ({ data, parentElement, setTriggerValue }) => {
    if (isGone(parentElement)) return;
    host ??= Object.assign(document.createElement("div"), { className: name });
    if (host.parentNode !== parentElement) parentElement.append(host);
    render(
      draw(data as Data, (act) => setTriggerValue("act", act)),
      host,
    );
  };
}

/**
 * Return whether Streamlit has taken the place out already. It imports a component's module anew at
 * each run and draws when that is there: what it has left by then must not take our elements along.
 */
export function isGone(parentElement: HTMLElement | ShadowRoot): boolean {
  return !parentElement.isConnected;
}
