import { text } from "../texts";
import {
  CHIP,
  CHIP_NAME,
  COMPOSER,
  FAILED_CHIP,
  FIELD,
  FILES,
  SPINNER,
  SUBMIT,
  isSendKey,
} from "../shared/streamlit";
import { watchPage } from "./watch";

const PATIENCE_MS = 30_000; // until a file that was chosen is shown

/**
 * Send a prompt with all of its files or not at all.
 *
 * Streamlit sends it without a file that the server has not given an address yet, or that could not
 * be uploaded.
 */
export function holdForFiles(): void {
  new Attachments().install();
}

class Attachments {
  private expected = 0; // files that were chosen and are not shown yet
  private shown = 0;
  private isWaiting = false; // with a prompt that was sent before its files were there
  private timer = 0;
  private readonly sizes = new Map<string, number>(); // bytes of what was chosen, by name
  private readonly notice = document.createElement("div");

  install(): void {
    this.notice.id = "chat-not-attached";
    this.notice.setAttribute("role", "alert");
    const on = document.addEventListener.bind(document);
    on("change", (event) => isOf(event, FILES) && this.expect((event.target as HTMLInputElement).files), true);
    on("drop", (event) => isOf(event, COMPOSER) && this.expect(event.dataTransfer?.files), true);
    on("paste", (event) => isOf(event, COMPOSER) && this.expect(event.clipboardData?.files), true);
    on("input", (event) => isOf(event, FIELD) && this.goOnWriting(), true);
    on("keydown", (event) => isSendKey(event) && this.hold(event), true);
    on("click", (event) => isOf(event, SUBMIT) && this.hold(event), true);
    watchPage(() => this.followChips());
  }

  private expect(files: FileList | null | undefined): void {
    if (!files?.length) return;
    this.expected += files.length;
    for (const file of files) this.sizes.set(file.name, file.size);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.giveUp(), PATIENCE_MS);
  }

  private giveUp(): void {
    this.expected = 0;
    this.isWaiting = false;
  }

  private goOnWriting(): void {
    this.isWaiting = false;
  }

  private hold(event: Event): void {
    if (!this.isHeld()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  private isHeld(): boolean {
    this.isWaiting = this.isUploading();
    const hasFailed = findAll(FAILED_CHIP).length > 0;
    if (!this.isWaiting && hasFailed) this.tell();
    return this.isWaiting || hasFailed;
  }

  private isUploading(): boolean {
    return this.expected > 0 || findAll(SPINNER).length > 0;
  }

  private tell(): void {
    const names = findAll(`${FAILED_CHIP} ${CHIP_NAME}`).map((name) => name.title).join(", ");
    this.notice.textContent = text("not_attached", { names, megabytes: maxFileMb() });
    document.querySelector(COMPOSER)?.before(this.notice);
  }

  private followChips(): void {
    const count = findAll(CHIP).length;
    this.expected = Math.max(0, this.expected - Math.max(0, count - this.shown));
    this.shown = count;
    for (const chip of findAll(FAILED_CHIP)) chip.dataset.reason ??= this.explain(chip);
    if (this.notice.isConnected && !findAll(FAILED_CHIP).length) this.notice.remove();
    if (!this.isWaiting || this.isUploading() || this.isHeld()) return;
    document.querySelector<HTMLElement>(SUBMIT)?.click();
  }

  /** Return why a file is refused, of which Streamlit only tells a mouse. */
  private explain(chip: HTMLElement): string {
    const name = chip.querySelector<HTMLElement>(CHIP_NAME)?.title ?? "";
    const isTooLarge = (this.sizes.get(name) ?? 0) > maxFileMb() * 1024 ** 2;
    return isTooLarge ? text("file_too_large", { megabytes: maxFileMb() }) : text("upload_failed");
  }
}

function isOf(event: Event, selector: string): boolean {
  return event.target instanceof Element && event.target.closest(selector) !== null;
}

function findAll(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`${COMPOSER} ${selector}`)];
}

function maxFileMb(): number {
  return Number(document.documentElement.dataset.maxFileMb);
}
