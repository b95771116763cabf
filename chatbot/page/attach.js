// A prompt is sent with all of its files or not at all. Streamlit sends it without a file that the
// server has not given an address yet, or that could not be uploaded. Of its page this knows the
// test ids below.
(refused) => {
  if (window.chatAttachments) return;
  window.chatAttachments = true;
  const INPUT = '[data-testid="stChatInput"]';
  const SUBMIT = '[data-testid="stChatInputSubmitButton"]';
  const CHIP = '[data-testid="stFileChip"]';
  const PATIENCE_MS = 30_000; // until a file that was chosen is shown
  let expected = 0; // files that were chosen and are not shown yet
  let shown = 0;
  let isWaiting = false; // with a prompt that was sent before its files were there
  let timer = 0;
  const notice = document.createElement("div");
  notice.id = "chat-not-attached";
  notice.setAttribute("role", "alert");

  const all = (selector) => [...document.querySelectorAll(`${INPUT} ${selector}`)];
  const isUploading = () => expected > 0 || all('[data-testid="stFileChipIconSpinner"]').length > 0;
  const failed = () => all(`${CHIP}[aria-invalid="true"] [data-testid="stFileChipName"]`);
  const tell = () => {
    const names = failed().map((name) => name.title).join(", ");
    notice.textContent = refused.replace("{names}", () => names);
    document.querySelector(INPUT).before(notice);
  };
  const isHeld = () => {
    isWaiting = isUploading();
    if (!isWaiting && failed().length) tell();
    return isWaiting || failed().length > 0;
  };

  const expect = (files) => {
    if (!files?.length) return;
    expected += files.length;
    watcher.observe(document.body, { childList: true, subtree: true });
    clearTimeout(timer);
    timer = setTimeout(() => { expected = 0; isWaiting = false; }, PATIENCE_MS);
  };
  addEventListener("change", (event) => {
    if (event.target.matches?.(`${INPUT} input[type="file"]`)) expect(event.target.files);
  }, true);
  addEventListener("drop", (event) => {
    if (event.target.closest?.(INPUT)) expect(event.dataTransfer?.files);
  }, true);
  addEventListener("paste", (event) => {
    if (event.target.closest?.(INPUT)) expect(event.clipboardData?.files);
  }, true);
  addEventListener("input", (event) => {
    if (event.target.closest?.(INPUT)) isWaiting = false; // the person goes on writing
  }, true);

  const hold = (event) => {
    if (!isHeld()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", (event) => {
    const isSent = event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey;
    const isTyped = event.isComposing || event.keyCode === 229; // with an input method
    if (isSent && !isTyped && event.target.matches?.(`${INPUT} textarea`)) hold(event);
  }, true);
  addEventListener("click", (event) => {
    if (event.target.closest?.(SUBMIT)) hold(event);
  }, true);

  const watcher = new MutationObserver(() => {
    const count = all(CHIP).length;
    expected = Math.max(0, expected - Math.max(0, count - shown));
    shown = count;
    if (notice.isConnected && !failed().length) notice.remove();
    if (isWaiting && !isUploading() && !isHeld()) document.querySelector(SUBMIT)?.click();
    if (!expected && !count) watcher.disconnect(); // it costs while an answer is drawn
  });
}
