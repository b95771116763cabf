import { beforeEach, expect, test } from "vitest";

import { keepDrafts } from "../../src/page/drafts";
import { tellOpenConversation } from "../../src/shared/openConversation";
import { drawComposer, findField, press, settle } from "./support";

drawComposer();
keepDrafts();

async function go(address: string): Promise<void> {
  history.pushState(null, "", address);
  document.body.append(document.createElement("i")); // Streamlit draws
  await settle();
}

function type(value: string): void {
  findField().value = value;
  findField().dispatchEvent(new Event("input", { bubbles: true }));
}

async function send(): Promise<void> {
  press(findField(), "Enter");
  findField().value = ""; // Streamlit takes it
  await settle();
}

beforeEach(async () => {
  sessionStorage.clear();
  drawComposer();
  await go("/?c=other");
});

test("a draft is there again after a reload", async () => {
  await go("/?c=one");
  type("half a thought");
  drawComposer();
  await settle();
  expect(findField().value).toBe("half a thought");
});

test("a draft stays with its conversation", async () => {
  await go("/?c=one");
  type("for one");
  await go("/?c=two");
  expect(findField().value).toBe("");
  type("for two");
  await go("/?c=one");
  expect(findField().value).toBe("for one");
  await go("/");
  expect(findField().value).toBe("");
});

test("a draft goes and comes with the transcript, though nothing else is drawn", async () => {
  await go("/?c=one");
  type("for one");
  history.pushState(null, "", "/?c=two");
  tellOpenConversation("two", false);
  expect(findField().value).toBe("");
});

test("what was sent is no draft", async () => {
  await go("/?c=one");
  type("a prompt");
  await send();
  await go("/?c=two");
  await go("/?c=one");
  expect(findField().value).toBe("");
});

test("what is typed while a new chat gets its address stays where it is", async () => {
  await go("/");
  type("a prompt");
  await send();
  type("the next one");
  await go("/?c=new");
  expect(findField().value).toBe("the next one");
  await go("/");
  expect(findField().value).toBe("");
  await go("/?c=new");
  expect(findField().value).toBe("the next one");
});

test("a prompt that is held for its files is still a draft", async () => {
  await go("/?c=one");
  type("a prompt");
  press(findField(), "Enter");
  await settle();
  expect(sessionStorage.getItem("chat-draft-one")).toBe("a prompt");
});

test("what is typed before the page has followed its address belongs to where one is", async () => {
  await go("/?c=one");
  history.pushState(null, "", "/?c=two");
  type("for two");
  await go("/?c=two");
  expect(findField().value).toBe("for two");
  await go("/?c=one");
  expect(findField().value).toBe("");
});

test("what is typed on the way to a new chat is typed there", async () => {
  await go("/?c=one");
  type("for one");
  const way = document.createElement("div");
  way.innerHTML = '<div class="st-key-new"><button></button></div>';
  document.body.append(way);
  way.querySelector("button")?.click();
  expect(findField().value).toBe("");
  type("for the new one");
  await go("/");
  expect(findField().value).toBe("for the new one");
  await go("/?c=one");
  expect(findField().value).toBe("for one");
  await go("/");
  expect(findField().value).toBe("for the new one");
});
