import { beforeEach, expect, test, vi } from "vitest";

import { watchConnection } from "../../src/page/connection";

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '<div class="stApp" data-test-connection-state="INITIAL"></div>';
  watchConnection();
});

/** Have Streamlit be in a state for some seconds. */
async function pass(state: string, seconds: number): Promise<void> {
  document.querySelector(".stApp")?.setAttribute("data-test-connection-state", state);
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}

function isTold(): boolean {
  return document.getElementById("chat-lost")?.textContent !== "";
}

test("a short loss is not told, a longer one until it is over", async () => {
  await pass("CONNECTED", 60);
  await pass("PINGING_SERVER", 2);
  await pass("CONNECTED", 10);
  expect(isTold()).toBe(false);
  await pass("PINGING_SERVER", 2);
  await pass("CONNECTING", 2);
  expect(isTold()).toBe(true);
  await pass("CONNECTED", 0);
  expect(isTold()).toBe(false);
});

test("a page that is still coming has longer", async () => {
  await pass("CONNECTING", 10);
  expect(isTold()).toBe(false);
  await pass("PINGING_SERVER", 15);
  expect(isTold()).toBe(true);
});

test("Streamlit lays no dialog over the page", () => {
  expect(window.__streamlit?.HOST_CONFIG.blockErrorDialogs).toBe(true);
});
