import { streamlitTexts } from "../texts";

const NAMES = ["aria-label", "title", "placeholder"];
// What a person or a model wrote is not Streamlit's; the label of its upload button is.
const WRITTEN = '[data-testid="stMarkdownContainer"]:not([data-testid="stFileUploaderDropzone"] *)';
const FOREIGN = `[class*="chat-"], ${WRITTEN}, textarea, script, style`;

interface Pattern {
  expression: RegExp;
  translation: string;
}

/** Put the reader's language in place of Streamlit's English words, as it draws them. */
export function translateStreamlit(): void {
  const words = streamlitTexts();
  const changed = Object.entries(words).filter(([english, translation]) => english !== translation);
  if (!changed.length) return;
  const translator = new Translator(new Map(changed));
  translator.translate(document.body);
  const observer = new MutationObserver((changes) => changes.forEach((change) => translator.follow(change)));
  const what = { attributes: true, attributeFilter: NAMES, childList: true, characterData: true };
  observer.observe(document.body, { ...what, subtree: true });
}

class Translator {
  private readonly patterns: Pattern[];

  constructor(private readonly words: Map<string, string>) {
    const open = [...words].filter(([english]) => english.includes("{"));
    this.patterns = open.map(([english, translation]) => makePattern(english, translation));
  }

  follow({ type, target, addedNodes }: MutationRecord): void {
    if (type === "childList") addedNodes.forEach((node) => this.translate(node));
    else this.translate(target);
  }

  /** Translate a text, or an element with all that is in it. */
  translate(node: Node): void {
    const parent = node instanceof Element ? node : node.parentElement;
    if (!parent || parent.closest(FOREIGN)) return;
    if (node instanceof Text) this.translateText(node);
    if (!(node instanceof Element)) return;
    this.translateNames(node);
    for (const child of node.childNodes) this.translate(child);
  }

  private translateText(node: Text): void {
    const translation = this.find(node.data.trim());
    if (translation) node.data = translation;
  }

  private translateNames(element: Element): void {
    for (const name of NAMES) {
      const translation = this.find(element.getAttribute(name) ?? "");
      if (translation) element.setAttribute(name, translation);
    }
  }

  private find(english: string): string | undefined {
    const translation = this.words.get(english);
    if (translation || !english) return translation;
    const pattern = this.patterns.find(({ expression }) => expression.test(english));
    return pattern && english.replace(pattern.expression, pattern.translation);
  }
}

/** Return what matches a text with one {field}, and puts the field into the translation. */
function makePattern(english: string, translation: string): Pattern {
  const [before = "", after = ""] = english.split(/\{\w+\}/).map(escapeWords);
  return {
    expression: new RegExp(`^${before}(.+)${after}$`),
    translation: translation.replace(/\$/g, "$$$$").replace(/\{\w+\}/, "$1"),
  };
}

function escapeWords(words: string): string {
  return words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
