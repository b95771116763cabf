import DOMPurify from "dompurify";

const CONFIG = {
  USE_PROFILES: { html: true, mathMl: true, svg: true },
  ADD_TAGS: ["semantics", "annotation"],
  ADD_ATTR: ["target", "encoding", "referrerpolicy"],
  FORBID_TAGS: ["img", "style", "form", "audio", "video", "picture", "source", "image", "use"],
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} as const;

/** Return the elements of HTML, of which nothing can run or load. */
export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { ...CONFIG, ADD_TAGS: [...CONFIG.ADD_TAGS], ADD_ATTR: [...CONFIG.ADD_ATTR], FORBID_TAGS: [...CONFIG.FORBID_TAGS] });
}
