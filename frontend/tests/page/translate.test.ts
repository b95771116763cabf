import { beforeAll, expect, test, vi } from "vitest";

import { settle } from "./support";

const WORDS = { "Send message": "Nachricht senden", "Remove {name}": "{name} entfernen", Close: "Schließen" };

beforeAll(async () => {
  vi.resetModules();
  document.body.innerHTML = `<script type="application/json" id="chat-texts">
    ${JSON.stringify({ streamlit: WORDS })}</script><main></main>`;
  (await import("../../src/page/translate")).translateStreamlit();
});

async function draw(html: string): Promise<HTMLElement> {
  const main = document.querySelector("main") as HTMLElement;
  main.innerHTML = html;
  await settle();
  return main.firstElementChild as HTMLElement;
}

test("names, hints and words of Streamlit's are in the reader's language", async () => {
  const button = await draw('<button aria-label="Send message" title="Close"><b> Close </b></button>');
  expect(button.getAttribute("aria-label")).toBe("Nachricht senden");
  expect(button.title).toBe("Schließen");
  expect(button.textContent?.trim()).toBe("Schließen");
});

test("what Streamlit says of a file keeps the file's name", async () => {
  const button = await draw('<button aria-label="Remove $1 (a).txt"></button>');
  expect(button.getAttribute("aria-label")).toBe("$1 (a).txt entfernen");
});

test("what changes later is translated too", async () => {
  const button = await draw('<button aria-label="Wait">Wait</button>');
  button.setAttribute("aria-label", "Close");
  (button.firstChild as Text).data = "Close";
  await settle();
  expect(button.getAttribute("aria-label")).toBe("Schließen");
  expect(button.textContent).toBe("Schließen");
});

test("what people and models write stays as it is", async () => {
  for (const place of ['class="chat-transcript"', 'data-testid="stMarkdownContainer"']) {
    expect((await draw(`<div ${place}><p>Close</p></div>`)).textContent).toBe("Close");
  }
});

test("the label of Streamlit's upload button is not something that a person wrote", async () => {
  const label = '<p data-testid="stMarkdownContainer"><b>Close</b></p>';
  const place = await draw(`<section data-testid="stFileUploaderDropzone">${label}</section>`);
  expect(place.textContent).toBe("Schließen");
});
