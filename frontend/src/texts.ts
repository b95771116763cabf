/** The names of the sentences in chatbot/web/page_texts.py. */
export type TextKey =
  | "again"
  | "alert_failed"
  | "answer_finished"
  | "answer_of"
  | "answer_stopped"
  | "answering"
  | "being_written"
  | "better_model"
  | "cancel"
  | "code"
  | "continue"
  | "conversation_menu"
  | "conversations"
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
  | "export_json"
  | "export_markdown"
  | "figures"
  | "file_too_large"
  | "formula"
  | "gone"
  | "greeting"
  | "image"
  | "manage_models"
  | "menu_of"
  | "model_is"
  | "models"
  | "needs_scripts"
  | "new_chat"
  | "next_version"
  | "no_hits"
  | "not_attached"
  | "offline"
  | "pin"
  | "previous_version"
  | "prompt"
  | "rename"
  | "retry"
  | "search"
  | "search_conversations"
  | "search_models"
  | "send"
  | "show_all"
  | "show_less"
  | "show_more"
  | "sign_out"
  | "small_model"
  | "start_anew"
  | "starter_1"
  | "starter_2"
  | "starter_3"
  | "starter_4"
  | "starters"
  | "stop"
  | "stopping"
  | "table"
  | "theme"
  | "theme_dark"
  | "theme_light"
  | "theme_system"
  | "thinking"
  | "thought"
  | "thought_for"
  | "title"
  | "to_end"
  | "tool_data"
  | "tool_help"
  | "tool_models"
  | "tool_settings"
  | "tools"
  | "undo"
  | "unpin"
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
