// What Streamlit leaves to do in the browser: say once to screen readers that an answer is there,
// and put the focus back into the input after it.
(finished) => {
  if (window.chatHelper) return;
  window.chatHelper = true;
  const region = document.createElement("div");
  region.id = "chat-announcer";
  region.setAttribute("role", "status");
  region.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  document.body.append(region);

  const app = document.querySelector(".stApp");
  const messages = () => [...document.querySelectorAll(".stChatMessage")];
  const answer = () => {
    const last = messages().at(-1);
    const parts = last ? [...last.querySelectorAll(".stMarkdown")] : [];
    const foot = '.stExpander, button, [data-testid="stCaptionContainer"]';
    const own = parts.filter((part) => !part.closest(foot));
    return own.map((part) => part.textContent).join(" ");
  };
  const focusInput = () => {
    const active = document.activeElement;
    const away = active && active !== document.body && !active.closest(".stChatMessage, .st-key-stopping");
    if (!away && matchMedia("(pointer: fine)").matches)
      document.querySelector('[data-testid="stChatInputTextArea"]')?.focus();
  };

  // A turn is several script runs, and the page is drawn a little after each: wait until all is still.
  const STILL_MS = 300;
  let before = null;
  let timer = 0;
  const settle = () => {
    if (before === null) return;
    const changed = answer() !== before.text && messages().length >= before.count;
    before = null;
    if (!changed || messages().length % 2) return;
    region.textContent = `${finished} ${answer()}`;
    focusInput();
  };
  new MutationObserver(() => {
    clearTimeout(timer);
    if (app.dataset.testScriptState !== "running") timer = setTimeout(settle, STILL_MS);
    else before ??= { text: answer(), count: messages().length };
  }).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
}
