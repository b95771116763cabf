// The lazy part: KaTeX, and its chemistry.
import katex from "katex";
import "katex/contrib/mhchem";

const OPTIONS = { throwOnError: true, trust: false, strict: false, maxSize: 20, maxExpand: 500 } as const;

/** Return the HTML of a formula, or null where it is no TeX that KaTeX knows. */
export function renderTex(tex: string, isDisplay: boolean): string | null {
  try {
    const macros = { "\\label": "\\@firstoftwo{}{#1}", "\\eqref": "(\\text{#1})", "\\ref": "\\text{#1}" };
    return katex.renderToString(tex, { ...OPTIONS, macros, displayMode: isDisplay });
  } catch {
    return null;
  }
}
