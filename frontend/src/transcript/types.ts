/** What the transcript is told by the page and by the API, and what it asks of the page. */

/** What has become of an answer; a prompt is always "done". */
export type MessageState = "writing" | "done" | "stopped" | "abandoned" | "failed" | "interrupted";

/** A file of a prompt; `image` is the address of its picture. */
export interface MessageFile {
  name: string;
  size: number;
  image: string | null;
  thumbnail: string | null;
}

/** A prompt or an answer. */
export interface Message {
  id: string;
  role: "user" | "assistant";
  content: string;
  thinking: string;
  state: MessageState;
  model: string;
  created_at: number;
  /** All versions, oldest first; empty where there is one. */
  versions: string[];
  files: MessageFile[];
  error: { code: string; text: string } | null;
  /** Always visible: stopped, cut, left out. */
  notes: string[];
  /** One line, on demand. */
  figures: string;
  thought_s: number | null;
  may_retry: boolean;
  may_continue: boolean;
}

/** From which message on the model still reads, and what stands for those before it. */
export interface Boundary {
  before: string;
  text: string;
  summary: string;
}

/** A cure for a full window or a failed answer, as a button. */
export type Offer =
  | { act: "raise"; label: string; num_ctx: number }
  | { act: "summarize" | "pull" | "use"; label: string; model: string };

/** How full the context window is, and what can be done about it. */
export interface Usage {
  /** Tokens; null below a prompt that is too long alone. */
  used: number | null;
  window: number;
  exact: boolean;
  text: string;
  warning: string;
  offers: Offer[];
}

/** The shown branch of a conversation, oldest message first. */
export interface Transcript {
  id: string;
  title: string;
  model: string;
  messages: Message[];
  boundary: Boundary | null;
  usage: Usage | null;
}

/** The first event of a generation: what there is so far. */
export interface ExchangeEvent {
  prompt: Message | null;
  answer: Message;
}

/** The last event of a generation; a text that is null is what was sent. */
export interface EndEvent {
  answer: Omit<Message, "content" | "thinking"> & {
    content: string | null;
    thinking: string | null;
  };
  usage: Usage | null;
  boundary: Boundary | null;
  title: string;
  refresh: boolean;
}

/** The events of a generation by name; "message" is more text. */
export interface GenerationEvents {
  exchange: ExchangeEvent;
  wait: { text: string };
  message: string;
  thinking: string;
  moved: Record<string, never>;
  end: EndEvent;
}

/** What a run of the page's script tells the transcript. */
export interface PageData {
  conversation: string | null;
  revision: number;
  writing: string | null;
  visitor: string;
  models: { small: boolean };
}

/** What the transcript asks of the page's script. */
export type Act =
  | { act: "send"; text: string }
  | { act: "again" | "show" | "delete" | "continue"; message: string }
  | { act: "edit"; message: string; text: string }
  | { act: "raise"; num_ctx: number }
  | { act: "summarize" | "pull" | "use"; model: string }
  | { act: "models" | "refresh" };
