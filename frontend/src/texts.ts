/** The names of the sentences in chatbot/web/page_texts.py. */
export type TextKey =
  | "again"
  | "alert_failed"
  | "answer_finished"
  | "answer_of"
  | "answer_stopped"
  | "answering"
  | "better_model"
  | "cancel"
  | "code"
  | "continue"
  | "copied"
  | "copy"
  | "copy_code"
  | "copy_failed"
  | "delete"
  | "delete_exchange"
  | "delete_really"
  | "drop_to_attach"
  | "edit"
  | "edit_prompt"
  | "figures"
  | "file_too_large"
  | "gone"
  | "greeting"
  | "image"
  | "needs_scripts"
  | "next_version"
  | "not_attached"
  | "offline"
  | "previous_version"
  | "prompt"
  | "retry"
  | "send"
  | "show_all"
  | "show_less"
  | "small_model"
  | "starter_1"
  | "starter_2"
  | "starter_3"
  | "starter_4"
  | "starters"
  | "stop"
  | "stopping"
  | "table"
  | "thinking"
  | "thought"
  | "thought_for"
  | "to_end"
  | "upload_failed"
  | "version_of"
  | "wrap_lines";

type Fields = Record<string, string | number>;
type Texts = Record<string, string | string[]> & { streamlit?: Record<string, string> };

let texts: Texts | undefined;

function readTexts(): Texts {
  const json = document.getElementById("chat-texts")?.textContent;
  return json ? (JSON.parse(json) as Texts) : {};
}

/** Return the sentence in the reader's language, its {fields} filled; `count` chooses the plural. */
export function text(key: TextKey, fields: Fields = {}): string {
  texts ??= readTexts();
  const forms = texts[key] ?? key;
  const sentence = typeof forms === "string" ? forms : choosePlural(forms, Number(fields.count));
  return sentence.replace(/\{(\w+)\}/g, (field, name: string) => formatField(fields[name] ?? field));
}

/** Return Streamlit's own English words and what they are in the reader's language. */
export function streamlitTexts(): Record<string, string> {
  texts ??= readTexts();
  return texts.streamlit ?? {};
}

/** Return the language of the page, such as "de". */
export function language(): string {
  return document.documentElement.lang || "en";
}

function choosePlural(forms: string[], count: number): string {
  const isOne = new Intl.PluralRules(language()).select(count) === "one";
  return (isOne ? forms[0] : forms.at(-1)) ?? "";
}

function formatField(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString(language()) : value;
}
