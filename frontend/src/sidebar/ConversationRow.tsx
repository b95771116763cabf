import type { JSX } from "preact";

import { Icon } from "../shared/Icon";
import { useIsWritten } from "../shared/openConversation";
import { text } from "../texts";
import type { Row } from "./types";

interface ConversationRowProps {
  row: Row;
  isOpen: boolean;
  hasMenu: boolean;
  onOpen: (id: string) => void;
  onMenu: (anchor: HTMLElement) => void;
  onRename: () => void;
}

/** Draw a conversation: a link to it, and the button of its menu. */
export function ConversationRow(props: ConversationRowProps): JSX.Element {
  const { row, isOpen, hasMenu, onOpen, onMenu, onRename } = props;
  const isBusy = useIsWritten(row.id, row.busy);
  const onClick = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
    event.preventDefault();
    if (!isOpen) onOpen(row.id);
  };
  return (
    <li class="chat-row" data-conversation={row.id} data-open={isOpen} data-busy={isBusy}>
      <a
        href={`?c=${row.id}`}
        aria-current={isOpen ? "page" : undefined}
        title={row.title}
        onClick={onClick}
        onDblClick={onRename}
      >
        <span class="chat-row-title" dir="auto">
          {row.title}
        </span>
        {row.excerpt.length > 0 && (
          <span class="chat-excerpt">
            {row.excerpt.map(([part, isHit]) => (isHit ? <mark>{part}</mark> : part))}
          </span>
        )}
      </a>
      {isBusy && <span class="chat-busy" role="img" aria-label={text("being_written")} />}
      <button
        type="button"
        class="chat-row-menu"
        aria-haspopup="menu"
        aria-expanded={hasMenu}
        aria-label={text("menu_of", { title: row.title })}
        title={text("conversation_menu")}
        onClick={(event) => onMenu(event.currentTarget)}
      >
        <Icon name="more" />
      </button>
    </li>
  );
}
