import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { ConversationMenu } from "./ConversationMenu";
import { ConversationRow } from "./ConversationRow";
import { Rename } from "./Rename";
import type { Ask, Row } from "./types";

interface ConversationListProps {
  rows: Row[];
  open: string | null;
  visitor: string;
  onOpen: (id: string) => void;
  ask: Ask;
}

/** Draw the conversations below the headings of their time, with one menu for all of them. */
export function ConversationList(props: ConversationListProps): JSX.Element {
  const { rows, open, visitor, onOpen, ask } = props;
  const [menu, setMenu] = useState<{ id: string; anchor: HTMLElement } | null>(null);
  const [renamed, setRenamed] = useState<string | null>(null);
  const row = rows.find(({ id }) => id === menu?.id);
  return (
    <>
      <ul>
        {rows.map((conversation, index) => [
          conversation.period && conversation.period !== rows[index - 1]?.period && (
            <li class="chat-period" key={conversation.period}>
              {conversation.period}
            </li>
          ),
          conversation.id === renamed ? (
            <Rename row={conversation} onEnd={() => setRenamed(null)} ask={ask} key={conversation.id} />
          ) : (
            <ConversationRow
              row={conversation}
              isOpen={conversation.id === open}
              hasMenu={conversation.id === menu?.id}
              onOpen={onOpen}
              onMenu={(anchor) => setMenu(menu?.anchor === anchor ? null : { id: conversation.id, anchor })}
              onRename={() => setRenamed(conversation.id)}
              key={conversation.id}
            />
          ),
        ])}
      </ul>
      {menu && row && (
        <ConversationMenu
          row={row}
          anchor={menu.anchor}
          visitor={visitor}
          onClose={() => setMenu(null)}
          onRename={() => setRenamed(row.id)}
          ask={ask}
        />
      )}
    </>
  );
}
