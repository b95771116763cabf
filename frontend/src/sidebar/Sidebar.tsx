import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { text } from "../texts";
import { ConversationList } from "./ConversationList";
import { closeAfterNewChat, closeOnPhone } from "./phone";
import { Search } from "./Search";
import { Tools } from "./Tools";
import type { Ask, SidebarContent } from "./types";

interface SidebarProps {
  content: SidebarContent;
  ask: Ask;
}

/** Draw the search, the list and the tools. */
export function Sidebar({ content, ask }: SidebarProps): JSX.Element {
  const [opening, setOpening] = useState<string | null>(null);
  useEffect(() => setOpening(null), [content]);
  useEffect(closeAfterNewChat, []);
  const open = (id: string): void => {
    setOpening(id); // it is seen to be chosen before the server has answered
    ask({ act: "open", conversation: id });
    closeOnPhone();
  };
  return (
    <>
      <Search query={content.query} ask={ask} />
      <nav class="chat-conversations" aria-label={text("conversations")}>
        <Messages content={content} ask={ask} />
        <ConversationList
          rows={content.rows}
          open={opening ?? content.open}
          visitor={content.visitor}
          onOpen={open}
          ask={ask}
        />
        {content.has_more && (
          <button type="button" class="chat-more" data-act="more" onClick={() => ask({ act: "more" })}>
            {text("show_more")}
          </button>
        )}
      </nav>
      {content.note && (
        <p class="chat-note">
          {content.note} {content.can_start_anew && <StartAnew visitor={content.visitor} />}
        </p>
      )}
      <Tools user={content.user} canSignOut={content.can_sign_out} ask={ask} />
    </>
  );
}

/** Draw the button that gives the browser a cookie in place of one that the chat does not know. */
function StartAnew({ visitor }: { visitor: string }): JSX.Element {
  const start = async (): Promise<void> => {
    const address = `visitor?visitor=${encodeURIComponent(visitor)}`;
    const response = await fetch(address, { method: "POST" }).catch(() => null);
    if (response?.ok) location.reload();
  };
  return (
    <button type="button" class="chat-link" data-act="start-anew" onClick={() => void start()}>
      {text("start_anew")}
    </button>
  );
}

/** Say what was deleted, with its way back, and why there is nothing to list. */
function Messages({ content, ask }: SidebarProps): JSX.Element {
  const { deleted, error, query, rows } = content;
  return (
    <div role="status">
      {deleted && (
        <p class="chat-deleted">
          <span>{deleted}</span>
          <button type="button" class="chat-link" data-act="undo" onClick={() => ask({ act: "undo" })}>
            {text("undo")}
          </button>
        </p>
      )}
      {error && <p class="chat-sidebar-error">{error}</p>}
      {!error && query.trim() && !rows.length && <p class="chat-note">{text("no_hits")}</p>}
    </div>
  );
}
