// What Streamlit leaves to do in the browser: say once to screen readers that an answer is there,
// put the focus back into the input after it, and mind some keys. Of Streamlit's page it knows the
// test ids and classes below, and that it follows an answer for who is at the page's end.
(finished) => {
  if (window.chatHelper) return;
  window.chatHelper = true;
  const region = document.createElement("div");
  region.id = "chat-announcer";
  region.setAttribute("role", "status");
  region.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  document.body.append(region);

  const INPUT = '[data-testid="stChatInputTextArea"]';
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
      document.querySelector(INPUT)?.focus();
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

  const OPEN = '[role="dialog"], [role="listbox"], [role="menu"], [data-testid="stPopoverBody"]';
  const stop = (event) => {
    const isTyping = event.target.matches(`input, textarea:not(${INPUT})`);
    const button = document.querySelector(".st-key-stop button");
    // Esc belongs to what is open, and to a field. The button is hidden while nothing is written.
    if (!isTyping && !document.querySelector(OPEN) && button?.offsetParent) button.click();
  };
  const goToEnd = () => {
    const main = document.querySelector(".stMain");
    main?.scrollTo(0, main.scrollHeight);
  };
  const onKey = (event) => {
    // The key belongs to an input method, which writes a word with it. Safari says so only by 229.
    if (event.isComposing || event.keyCode === 229) event.stopPropagation();
    else if (event.key === "Escape") stop(event);
    else if (event.key === "Enter" && !event.shiftKey && event.target.matches(INPUT)) goToEnd();
  };
  addEventListener("keydown", onKey, true); // before any other sees it, or closes what is open
  addEventListener("click", (event) => {
    if (event.target.closest('[data-testid="stChatInputSubmitButton"]')) goToEnd();
  }, true);
}
