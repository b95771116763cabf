// What the page loads: the transcript, and what has to be done in the browser around it.
import "./style/tokens.css";
import "./style/markdown.css";
import "./style/transcript.css";
import "./style/page.css";
import "./style/composer.css";

import { helpAlong } from "./page";
import { mountTranscript } from "./transcript/mount";

declare global {
  interface Window {
    chatPage: { mountTranscript: typeof mountTranscript };
  }
}

window.chatPage = { mountTranscript };
helpAlong();
