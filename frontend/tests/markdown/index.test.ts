import { expect, test } from "vitest";

import { renderMarkdown, settled } from "../../src/markdown";
import { formulas, show } from "./support";

test("Only the block that grows is touched", async () => {
  const container = await show("First.\n\nSecond", false);
  const [first, second] = container.children;
  renderMarkdown(container, "First.\n\nSecond block.", { complete: false });
  await settled();
  expect([...container.children]).toEqual([first, second]);
  expect(second?.textContent).toBe("Second block.");
});

test("A formula is drawn as soon as KaTeX is there", async () => {
  expect(formulas(await show("So $x^2$ it is."))).toEqual(["x^2"]);
});
