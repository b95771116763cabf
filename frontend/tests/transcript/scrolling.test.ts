import { beforeEach, expect, test } from "vitest";

import { EndFollower } from "../../src/transcript/scrolling";
import { startBrowser } from "./support";

let follower: EndFollower;
let scroller: HTMLElement;
const size = { scrollHeight: 2000, clientHeight: 500 };

/** jsdom has no layout: the scroller's sizes are what the test says. */
function makeScroller(): HTMLElement {
  const element = document.createElement("div");
  element.style.overflowY = "auto";
  let top = 0;
  Object.defineProperties(element, {
    scrollHeight: { get: () => size.scrollHeight },
    clientHeight: { get: () => size.clientHeight },
    scrollTop: {
      get: () => top,
      set: (value: number) => (top = Math.max(0, Math.min(value, size.scrollHeight - 500))),
    },
  });
  return element;
}

beforeEach(() => {
  startBrowser();
  size.scrollHeight = 2000;
  scroller = makeScroller();
  const content = document.createElement("div");
  scroller.append(content);
  document.body.append(scroller);
  follower = new EndFollower();
  follower.attach(content);
});

function grow(): void {
  size.scrollHeight += 100;
  follower.settle();
}

function scrollTo(top: number): void {
  scroller.scrollTop = top;
  scroller.dispatchEvent(new Event("scroll"));
}

test("the end is in sight at once, and stays there as the answer grows", () => {
  expect(scroller.scrollTop).toBe(1500);
  grow();
  expect(scroller.scrollTop).toBe(1600);
});

test("one notch upward is not lost, even before the browser has scrolled", () => {
  scroller.dispatchEvent(new WheelEvent("wheel", { deltaY: -100 }));
  grow();
  expect(scroller.scrollTop).toBe(1500);
  scrollTo(1480); // as near to the end as one who follows it
  grow();
  expect(scroller.scrollTop).toBe(1480);
});

test("who scrolls back to near the end follows it again", () => {
  scrollTo(900);
  grow();
  expect(scroller.scrollTop).toBe(900);
  scrollTo(1500);
  grow();
  expect(scroller.scrollTop).toBe(1700);
});

test("what becomes shorter is not taken for the reader's scrolling", () => {
  size.scrollHeight = 1000;
  scrollTo(500);
  grow();
  expect(scroller.scrollTop).toBe(600);
});

test("the way to the end is offered while that is far", () => {
  expect(follower.isFar()).toBe(false);
  scrollTo(900);
  expect(follower.isFar()).toBe(true);
  follower.goToEnd();
  expect(follower.isFar()).toBe(false);
});

test("a page that is drawn anew stands where it stood", () => {
  scrollTo(700);
  const [content] = scroller.children;
  scroller.scrollTop = 0; // its content was taken out
  follower.attach(content as HTMLElement);
  expect(scroller.scrollTop).toBe(700);
});
