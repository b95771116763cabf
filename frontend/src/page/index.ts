import { holdForFiles } from "./attachments";
import { provideClipboard } from "./clipboard";
import { watchConnection } from "./connection";
import { keepDrafts } from "./drafts";
import { installDropSheet } from "./drop";
import { focusAtStart, installKeys } from "./keys";
import { translateStreamlit } from "./translate";

/** Do what Streamlit leaves to do in the browser; once, before it draws. */
export function helpAlong(): void {
  watchConnection();
  provideClipboard();
  installKeys();
  holdForFiles();
  keepDrafts();
  focusAtStart();
  installDropSheet();
  translateStreamlit();
}
