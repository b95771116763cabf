/** A code block of an answer, which is drawn apart from the text round it. */
export interface Code {
  text: string;
  /** The first word behind the fence, as it was written; empty when there is none. */
  language: string;
}

/** What the parser's rules share while they read one text. */
export interface Env {
  /** True while more of the text may come. */
  growing: boolean;
  /** True while the piece of text is read that grows. */
  growingInline: boolean;
  /** Makes the ids of footnotes the page's only ones. */
  docId: string;
  codes: Code[];
  /** The labels of notes that have not come yet, in the order of the text. */
  notes: string[];
  /** How many formulas were drawn in this text. */
  formulas: number;
}

/** Return the rules' own data, which markdown-it hands through untyped. */
export function envOf(state: { env: unknown }): Env {
  return state.env as Env;
}
