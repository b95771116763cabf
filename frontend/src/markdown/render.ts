// Puts the blocks of an answer on the page, and touches only those that changed.
import { text } from "../texts";
import { type Block, isSameBlock, readBlocks } from "./blocks";
import { drawCode } from "./code";
import { awaitFormulas } from "./formulas";
import { canStay, morph } from "./morph";
import { watchOverflow } from "./overflow";
import { sanitize } from "./sanitize";
import { pause, track } from "./work";

/** How a text is to be shown: `complete` says that no more of it comes. */
export interface RenderOptions {
  complete: boolean;
}

interface ShownBlock {
  block: Block;
  element: Element;
}

interface Rendering {
  container: HTMLElement;
  docId: string;
  source: string | null;
  isComplete: boolean;
  /** What stands in the container, one for each of its children. */
  shown: ShownBlock[];
  /** How long the last drawing took, of which the next one's delay follows. */
  cost_ms: number;
  isQueued: boolean;
  /** Counts the drawings: one that goes on in later tasks ends when another begins. */
  drawing: number;
}

const CHEAP_MS = 12;
const SLICE_CHARS = 60_000;
const renderings = new WeakMap<HTMLElement, Rendering>();
let count = 0;

/** Show Markdown in `container`; at each later call only the blocks that changed are touched. */
export function renderMarkdown(container: HTMLElement, source: string, { complete }: RenderOptions): void {
  const rendering = renderings.get(container) ?? start(container);
  if (rendering.source === source && rendering.isComplete === complete) return;
  rendering.source = source;
  rendering.isComplete = complete;
  if (rendering.isQueued) return;
  if (rendering.cost_ms < CHEAP_MS) return draw(rendering);
  rendering.isQueued = true;
  track(drawLater(rendering));
}

function start(container: HTMLElement): Rendering {
  container.replaceChildren();
  container.classList.add("chat-markdown");
  const rendering: Rendering = {
    container, docId: String(count++), source: null, isComplete: false, shown: [], cost_ms: 0, isQueued: false, drawing: 0,
  };
  renderings.set(container, rendering);
  return rendering;
}

async function drawLater(rendering: Rendering): Promise<void> {
  await pause(3 * rendering.cost_ms);
  rendering.isQueued = false;
  draw(rendering);
}

function draw(rendering: Rendering): void {
  const start_ms = performance.now();
  const drawing = ++rendering.drawing;
  const slices = update(rendering, readBlocks(rendering.source ?? "", rendering.docId, rendering.isComplete));
  if (!slices.next().done) track(finish(rendering, slices, drawing));
  rendering.cost_ms = performance.now() - start_ms;
  awaitFormulas(() => draw(rendering));
}

async function finish(rendering: Rendering, slices: Generator<void>, drawing: number): Promise<void> {
  do await pause();
  while (rendering.drawing === drawing && !slices.next().done);
}

// Yields after each slice of work, of which there is only one in an answer of usual length.
function* update({ container, shown }: Rendering, blocks: Block[]): Generator<void> {
  const start = countSame(shown, blocks);
  const kept = countSameAtEnd(shown, blocks, start);
  const end = blocks.length - kept;
  const surplus = shown.length - kept - end;
  if (surplus > 0) for (const { element } of shown.splice(end, surplus)) element.remove();
  for (let at = start; at < end; ) {
    const slice = takeSlice(blocks, at, end);
    const isNew = shown.length - kept;
    for (const [index, element] of createElements(slice).entries()) {
      place(container, shown, at + index, at + index < isNew, { block: slice[index]!, element });
    }
    at += slice.length;
    if (at < end) yield;
  }
}

function place(container: HTMLElement, shown: ShownBlock[], at: number, isOld: boolean, fresh: ShownBlock): void {
  const old = shown[at];
  if (isOld && old && canStay(old.element, fresh.element)) {
    morph(old.element, fresh.element);
    fresh = { ...fresh, element: old.element };
  } else if (isOld && old) {
    old.element.replaceWith(fresh.element);
  } else {
    container.insertBefore(fresh.element, old?.element ?? null);
  }
  if (isOld) shown[at] = fresh;
  else shown.splice(at, 0, fresh);
  fill(fresh);
}

function fill({ block, element }: ShownBlock): void {
  const cards = element.matches(".chat-code") ? [element] : [...element.querySelectorAll(".chat-code")];
  cards.forEach((card, index) => drawCode(card, block.codes[index]!));
  const tables = element.matches(".chat-table") ? [element] : [...element.querySelectorAll(".chat-table")];
  for (const table of tables) watchOverflow(table as HTMLElement, () => text("table"));
  for (const formula of element.querySelectorAll<HTMLElement>(".katex-display")) {
    watchOverflow(formula, () => text("formula"));
  }
}

function takeSlice(blocks: Block[], start: number, end: number): Block[] {
  let chars = 0;
  let at = start;
  while (at < end && chars < SLICE_CHARS) {
    const { html, codes } = blocks[at++]!;
    chars += codes.reduce((sum, code) => sum + code.text.length, html.length);
  }
  return blocks.slice(start, at);
}

function createElements(blocks: Block[]): Element[] {
  const elements = [...sanitize(blocks.map(({ html }) => html).join("")).children];
  if (elements.length === blocks.length) return elements;
  return blocks.map(({ html }) => sanitize(html).firstElementChild ?? document.createElement("div"));
}

function countSame(shown: ShownBlock[], blocks: Block[]): number {
  const length = Math.min(shown.length, blocks.length);
  let at = 0;
  while (at < length && isSameBlock(shown[at]!.block, blocks[at]!)) at++;
  return at;
}

function countSameAtEnd(shown: ShownBlock[], blocks: Block[], start: number): number {
  const length = Math.min(shown.length, blocks.length) - start;
  let same = 0;
  while (same < length && isSameBlock(shown.at(-1 - same)!.block, blocks.at(-1 - same)!)) same++;
  return same;
}
