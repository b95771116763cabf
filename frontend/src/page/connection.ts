import { text } from "../texts";
import { APP, CONNECTION } from "../shared/streamlit";

declare global {
  interface Window {
    __streamlit?: { HOST_CONFIG: { blockErrorDialogs: boolean } };
  }
}

const CONNECTED = `${APP}[${CONNECTION}="CONNECTED"]`;
const FIRST_PATIENCE_MS = 20_000; // the page itself comes on a slow line
const PATIENCE_MS = 2_500; // most losses are over by then, and nobody has to know

/** Say in one line that the server is away, where Streamlit would lay a dialog over the page. */
export function watchConnection(): void {
  window.__streamlit = { HOST_CONFIG: { blockErrorDialogs: true } };
  const line = document.createElement("div");
  line.id = "chat-lost";
  line.setAttribute("role", "status");
  document.body.append(line);
  let timer: ReturnType<typeof setTimeout> | 0 = setTimeout(tell, FIRST_PATIENCE_MS);
  function tell(): void {
    line.textContent = text("offline");
  }
  function look(): void {
    if (document.querySelector(CONNECTED)) {
      clearTimeout(timer);
      timer = 0;
      line.textContent = "";
    } else timer ||= setTimeout(tell, PATIENCE_MS);
  }
  const what = { attributes: true, attributeFilter: [CONNECTION], subtree: true };
  new MutationObserver(look).observe(document.body, what);
}
