import { test } from "vitest";
import { readBlocks } from "../../src/markdown/blocks";
import { show } from "./support";
import { answerNames, read } from "./texts";
const rows: string[] = [];
test("jumps", async () => {
  await show("$x$");
  const strip = (h: string) => h.replace(/<span class="katex-mathml">.*?<\/math><\/span>/gs, "").replace(/<span class="katex-html".*?<\/span><\/span><\/span>/gs, "K");
  const src = read("long-answer");
  let last = "";
  for (let e = 1; e <= src.length; e++) {
    const b = readBlocks(src.slice(0, e), "0", false);
    const t = b.at(-1); const line = t ? strip(t.html) + (t.codes.length ? JSON.stringify(t.codes.at(-1)) : "") : "";
    if (line !== last) rows.push(JSON.stringify(src.slice(Math.max(0,e-12), e)) + "  →  " + line.slice(-190).replaceAll("\n", "⏎"));
    last = line;
  }
  void answerNames;
  console.log(rows.join("\n"));
});
