import { beforeEach, expect, test, vi } from "vitest";

const TEXTS = {
  copy: "Kopieren",
  version_of: "Fassung {number} von {count}",
  thought_for: ["{count} Sekunde nachgedacht", "{count} Sekunden nachgedacht"],
  streamlit: { Close: "Schließen" },
};

async function load(texts?: object, language = "de") {
  vi.resetModules();
  document.documentElement.lang = language;
  document.body.innerHTML = texts
    ? `<script type="application/json" id="chat-texts">${JSON.stringify(texts)}</script>`
    : "";
  return import("../src/texts");
}

beforeEach(() => vi.resetModules());

test("a sentence is in the reader's language, with its fields filled", async () => {
  const { text } = await load(TEXTS);
  expect(text("copy")).toBe("Kopieren");
  expect(text("version_of", { number: 2, count: 3 })).toBe("Fassung 2 von 3");
});

test("a count chooses the plural and is written as the language writes numbers", async () => {
  const { text } = await load(TEXTS);
  expect(text("thought_for", { count: 1 })).toBe("1 Sekunde nachgedacht");
  expect(text("thought_for", { count: 1200 })).toBe("1.200 Sekunden nachgedacht");
});

test("a language without plurals has one form", async () => {
  const { text } = await load({ thought_for: ["思考了 {count} 秒"] }, "zh");
  expect(text("thought_for", { count: 1 })).toBe("思考了 1 秒");
  expect(text("thought_for", { count: 7 })).toBe("思考了 7 秒");
});

test("a page without sentences shows their names", async () => {
  const { text, streamlitTexts } = await load();
  expect(text("copy")).toBe("copy");
  expect(streamlitTexts()).toEqual({});
});
