import { beforeEach, expect, test, vi } from "vitest";

import { focusAtStart, installKeys } from "../../src/page/keys";
import { drawComposer, findField, press, settle, usePointer } from "./support";

installKeys();

beforeEach(() => {
  drawComposer();
  usePointer("fine");
});

test("a key of an input method is nothing that Streamlit may see", () => {
  expect(press(findField(), "Enter", { isComposing: true })).toBe(false);
  expect(press(findField(), "Enter", { keyCode: 229 })).toBe(false);
  expect(press(findField(), "Enter")).toBe(true);
});

test("typing on the page itself reaches the input", () => {
  press(document.body, "a");
  expect(document.activeElement).toBe(findField());
});

test.each([
  ["a shortcut", "a", { ctrlKey: true }],
  ["a key that scrolls", " ", {}],
  ["an arrow", "ArrowDown", {}],
])("%s does not", (_, key, more) => {
  press(document.body, key, more);
  expect(document.activeElement).toBe(document.body);
});

test("typing does not leave a button, a dialog or a touch screen's page", () => {
  const button = document.body.appendChild(document.createElement("button"));
  press(button, "a");
  usePointer("coarse");
  press(document.body, "a");
  usePointer("fine");
  document.body.insertAdjacentHTML("beforeend", '<div role="dialog"></div>');
  press(document.body, "a");
  expect(document.activeElement).toBe(document.body);
});

test("? opens the help, but where it is typed", () => {
  const help = document.body.appendChild(document.createElement("button"));
  help.dataset.act = "help";
  const opened = vi.fn();
  help.addEventListener("click", opened);
  press(findField(), "?");
  expect(opened).not.toHaveBeenCalled();
  press(document.body, "?");
  expect(opened).toHaveBeenCalledOnce();
});

test("the input has the focus as soon as it is there, once", async () => {
  document.body.innerHTML = "";
  focusAtStart();
  drawComposer();
  await settle();
  expect(document.activeElement).toBe(findField());
  findField().blur();
  document.body.append(document.createElement("i"));
  await settle();
  expect(document.activeElement).toBe(document.body);
});

test("on a touch screen no keyboard opens by itself", async () => {
  usePointer("coarse");
  focusAtStart();
  await settle();
  expect(document.activeElement).toBe(document.body);
});
