import { BOTTOM } from "../shared/streamlit";

const NEAR_PX = 120; // who is as near to the end follows it
const FAR_PX = 200; // from here on there is a button to the end

/** Keeps the end of the transcript in sight until the reader scrolls up, and from their return on. */
export class EndFollower {
  /** Whether the end is followed. */
  isFollowing = true;
  private scroller: HTMLElement | null = null;
  private top = 0;
  private height = 0;
  private held: { place: string; top: number } | null = null;
  private readonly listeners = new Set<() => void>();
  private sizes: ResizeObserver | null = null;

  /** Follow in the scroller that `content` stands in; return it. */
  attach(content: HTMLElement): HTMLElement {
    const scroller = findScroller(content);
    if (scroller !== this.scroller) this.watch(scroller);
    if (!this.isFollowing) scroller.scrollTop = this.top; // a place that is new begins at its top
    this.settle();
    return scroller;
  }

  /** Call `listener` when the distance to the end changes; return what ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Return whether the end is far out of sight. */
  isFar(): boolean {
    return this.gap() > FAR_PX;
  }

  /** Go to the end and follow it. */
  goToEnd(): void {
    this.isFollowing = true;
    this.held = null;
    this.settle();
  }

  /** Keep the message of `place` where it is in the next change. */
  hold(place: string): void {
    const message = findPlace(place);
    if (message) this.held = { place, top: message.getBoundingClientRect().top };
  }

  /** Move on by what has been added above what is in sight. */
  shift(addedPx: number): void {
    if (!this.scroller || this.isFollowing) return;
    this.scroller.scrollTop += addedPx;
    this.remember(this.scroller);
  }

  /** Put right, after a change and before it is painted, what is in sight. */
  settle(): void {
    const { scroller } = this;
    if (!scroller) return;
    if (this.held) this.restoreHeld(scroller);
    else if (this.isFollowing) scroller.scrollTop = scroller.scrollHeight;
    this.remember(scroller);
    for (const listener of this.listeners) listener();
  }

  private measure(): void {
    const height = document.querySelector<HTMLElement>(BOTTOM)?.offsetHeight ?? 0;
    this.scroller?.style.setProperty("--chat-bottom", `${height}px`);
    this.settle();
  }

  private restoreHeld(scroller: HTMLElement): void {
    const message = this.held && findPlace(this.held.place);
    if (this.held && message) {
      scroller.scrollTop += message.getBoundingClientRect().top - this.held.top;
    }
  }

  private gap(): number {
    const { scroller } = this;
    return scroller ? scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight : 0;
  }

  private remember(scroller: HTMLElement): void {
    this.top = scroller.scrollTop;
    this.height = scroller.scrollHeight;
  }

  private watch(scroller: HTMLElement): void {
    this.scroller = scroller;
    this.sizes?.disconnect();
    this.sizes = new ResizeObserver(() => this.measure());
    for (const element of [scroller, ...scroller.children]) this.sizes.observe(element);
    scroller.addEventListener("scroll", () => this.onScroll(scroller), { passive: true });
    scroller.addEventListener("wheel", (event) => this.onWheel(event), { passive: true });
    scroller.addEventListener("touchmove", () => this.release(), { passive: true });
    scroller.addEventListener("pointerdown", () => this.release(), { passive: true });
  }

  /** The reader takes over: nothing is held for them any more. */
  private release(): void {
    this.held = null;
  }

  private onWheel(event: WheelEvent): void {
    this.release();
    if (event.deltaY < 0 && this.top > 0) this.isFollowing = false; // before the next growth
  }

  private onScroll(scroller: HTMLElement): void {
    const hasShrunk = scroller.scrollHeight < this.height;
    if (scroller.scrollTop < this.top - 1 && !hasShrunk) this.isFollowing = false;
    else if (scroller.scrollTop > this.top && this.gap() <= NEAR_PX) this.isFollowing = true;
    this.remember(scroller);
    for (const listener of this.listeners) listener();
  }
}

function findScroller(content: HTMLElement): HTMLElement {
  for (let place = content.parentElement; place; place = place.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(place).overflowY)) return place;
  }
  return document.documentElement;
}

function findPlace(place: string): Element | null {
  return document.querySelector(`.chat-message[data-place="${CSS.escape(place)}"]`);
}

/** The one of this page. */
export const endFollower = new EndFollower();
