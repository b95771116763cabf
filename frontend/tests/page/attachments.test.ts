import { beforeEach, expect, test, vi } from "vitest";

import { holdForFiles } from "../../src/page/attachments";
import { drawComposer, findField, press, settle } from "./support";

const UPLOADING = `<div data-testid="stFileChip"><i data-testid="stFileChipIconSpinner"></i></div>`;
const READY = `<div data-testid="stFileChip"></div>`;
const FAILED = `<div data-testid="stFileChip" aria-invalid="true"><b data-testid="stFileChipName"
  title="one.txt">one.txt</b></div>`;

document.documentElement.dataset.maxFileMb = "1";
holdForFiles();

const sent = vi.fn();

function draw(inside: string): void {
  drawComposer(inside, "a prompt");
  document.querySelector("button")?.addEventListener("click", sent);
}

function choose(size: number): void {
  const input = document.querySelector('input[type="file"]') as HTMLInputElement;
  const file = Object.defineProperty(new File(["x"], "one.txt"), "size", { value: size });
  Object.defineProperty(input, "files", { value: [file] });
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

beforeEach(async () => {
  draw(READY);
  await settle();
  sent.mockClear();
});

test("a prompt whose files are there is Streamlit's", () => {
  expect(press(findField(), "Enter")).toBe(true);
  expect(document.getElementById("chat-not-attached")).toBeNull();
});

test("a prompt waits for its file and is sent when it is there", async () => {
  draw(UPLOADING);
  expect(press(findField(), "Enter")).toBe(false);
  document.querySelector('[data-testid="stFileChipIconSpinner"]')?.remove();
  await settle();
  expect(sent).toHaveBeenCalledOnce();
});

test("who goes on writing meanwhile sends it themselves", async () => {
  draw(UPLOADING);
  press(findField(), "Enter");
  findField().dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector('[data-testid="stFileChipIconSpinner"]')?.remove();
  await settle();
  expect(sent).not.toHaveBeenCalled();
});

test("a prompt with a file that failed is not sent, and the page says so until it is removed", async () => {
  draw(FAILED);
  expect(press(findField(), "Enter")).toBe(false);
  expect(document.getElementById("chat-not-attached")?.getAttribute("role")).toBe("alert");
  document.querySelector('[data-testid="stFileChip"]')?.remove();
  await settle();
  expect(document.getElementById("chat-not-attached")).toBeNull();
});

test.each([
  [2 * 1024 ** 2, "file_too_large"],
  [10, "upload_failed"],
])("the chip of a refused file of %i bytes says why", async (size, reason) => {
  choose(size);
  draw(FAILED);
  await settle();
  const chip = document.querySelector<HTMLElement>('[data-testid="stFileChip"]');
  expect(chip?.dataset.reason).toBe(reason);
});
