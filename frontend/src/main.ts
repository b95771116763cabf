// What the page loads: the transcript, and what has to be done in the browser around it.
import "./style/tokens.css";
import "./style/first.css";
import "./style/markdown.css";
import "./style/transcript.css";
import "./style/page.css";
import "./style/composer.css";

import { mountHeader } from "./header/mount";
import { helpAlong } from "./page";
import { mountSidebar } from "./sidebar/mount";
import { applyTheme } from "./sidebar/theme";
import { mountTranscript } from "./transcript/mount";

declare global {
  interface Window {
    chatPage: {
      mountHeader: typeof mountHeader;
      mountSidebar: typeof mountSidebar;
      mountTranscript: typeof mountTranscript;
    };
  }
}

window.chatPage = { mountHeader, mountSidebar, mountTranscript };
applyTheme();
helpAlong();
