import { expect, test, vi } from "vitest";

import { provideClipboard } from "../../src/page/clipboard";

test("a page without a clipboard gets one that copies by a selection", async () => {
  document.execCommand = vi.fn(() => true);
  provideClipboard();
  await navigator.clipboard.writeText("words");
  expect(document.execCommand).toHaveBeenCalledWith("copy");
  document.execCommand = vi.fn(() => false);
  await expect(navigator.clipboard.writeText("words")).rejects.toThrow("not copied");
});
