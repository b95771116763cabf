/** A model that can be chosen; chatbot/page/header.py makes it. */
export interface Option {
  name: string;
  label: string;
  size: string;
  abilities: string[];
}

/** What the page's head shows. */
export interface HeaderContent {
  model: string;
  options: Option[];
  missing: string;
}

/** What a person does in it. */
export type HeaderAct = { act: "choose"; model: string } | { act: "models" | "new" };
