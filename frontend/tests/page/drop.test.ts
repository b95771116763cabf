import { beforeEach, expect, test, vi } from "vitest";

import { installDropSheet } from "../../src/page/drop";
import { drawComposer } from "./support";

installDropSheet();
beforeEach(() => void drawComposer());

function drag(kind: string, types = ["Files"], files: File[] = []): boolean {
  const event = new Event(kind, { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { types, files }, relatedTarget: null });
  return document.body.dispatchEvent(event);
}

function isShown(): boolean {
  return document.getElementById("chat-drop-sheet") !== null;
}

test("files over the page bring the sheet, and it goes with them", () => {
  drag("dragenter");
  expect(isShown()).toBe(true);
  drag("dragleave");
  expect(isShown()).toBe(false);
});

test("a text that is dragged, or a dialog that is open, does not", () => {
  drag("dragenter", ["text/plain"]);
  expect(isShown()).toBe(false);
  document.body.insertAdjacentHTML("beforeend", '<div role="dialog"></div>');
  drag("dragenter");
  expect(isShown()).toBe(false);
});

test("files that are dropped anywhere are the input's", () => {
  const input = document.querySelector('input[type="file"]') as HTMLInputElement;
  const changed = vi.fn();
  Object.defineProperty(input, "files", { writable: true, value: null });
  input.addEventListener("change", changed);
  const file = new File(["x"], "one.txt");
  drag("dragenter");
  expect(drag("drop", ["Files"], [file])).toBe(false); // the browser does not open it
  expect(input.files?.[0]).toBe(file);
  expect(changed).toHaveBeenCalledOnce();
  expect(isShown()).toBe(false);
});
