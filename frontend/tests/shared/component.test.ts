import { h } from "preact";
import { expect, test } from "vitest";

import { makeMount } from "../../src/shared/component";

const mountGreeting = makeMount<{ name: string }, never>("greeting", ({ name }) => h("p", null, name));

function addPlace(): HTMLElement {
  return document.body.appendChild(document.createElement("div"));
}

function mount(parentElement: HTMLElement, name: string): void {
  mountGreeting({ data: { name }, parentElement, setTriggerValue: () => undefined });
}

test("a component moves to its new place, and a late run for the old one does not take it back", () => {
  const first = addPlace();
  mount(first, "Ann");
  const drawn = first.querySelector("p");
  first.remove();
  const second = addPlace();
  mount(second, "Ben");
  mount(first, "Ann");
  expect(second.querySelector("p")).toBe(drawn);
  expect(second.textContent).toBe("Ben");
});
