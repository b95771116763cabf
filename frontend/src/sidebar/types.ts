/** One conversation of the list; chatbot/page/sidebar/conversation_list.py makes it. */
export interface Row {
  id: string;
  title: string;
  pinned: boolean;
  busy: boolean;
  period: string;
  /** In parts: the text, and whether it was looked for. */
  excerpt: [string, boolean][];
}

/** What the sidebar shows. */
export interface SidebarContent {
  open: string | null;
  query: string;
  visitor: string;
  note: string;
  user: string;
  can_sign_out: boolean;
  can_start_anew: boolean;
  rows: Row[];
  has_more: boolean;
  deleted: string;
  error: string;
}

/** What a person does in it. */
export type SidebarAct =
  | { act: "open" | "delete"; conversation: string }
  | { act: "search"; text: string }
  | { act: "rename"; conversation: string; text: string }
  | { act: "pin"; conversation: string; pinned: boolean }
  | { act: "more" | "undo" | "settings" | "models" | "data" | "help" | "sign_out" };

/** Sends an act to the page's script. */
export type Ask = (act: SidebarAct) => void;
