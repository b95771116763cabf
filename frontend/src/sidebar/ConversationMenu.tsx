import type { JSX } from "preact";

import { Menu } from "../shared/Menu";
import { MenuItem } from "../shared/MenuItem";
import { text } from "../texts";
import type { Ask, Row } from "./types";

interface ConversationMenuProps {
  row: Row;
  anchor: HTMLElement;
  visitor: string;
  onClose: () => void;
  onRename: () => void;
  ask: Ask;
}

/** Draw what can be done to one conversation. */
export function ConversationMenu(props: ConversationMenuProps): JSX.Element {
  const { row, anchor, visitor, onClose, onRename, ask } = props;
  const then = (act: () => void) => (): void => {
    onClose();
    act();
  };
  const pin = (): void => ask({ act: "pin", conversation: row.id, pinned: !row.pinned });
  const remove = (): void => ask({ act: "delete", conversation: row.id });
  const file = (ending: string): string =>
    `conversations/${row.id}/export.${ending}${visitor && `?visitor=${encodeURIComponent(visitor)}`}`;
  return (
    <Menu label={text("conversation_menu")} anchor={anchor} onClose={onClose}>
      <MenuItem act="rename" icon="edit" label={text("rename")} onChoose={then(onRename)} />
      <MenuItem act="pin" icon="pin" label={text(row.pinned ? "unpin" : "pin")} onChoose={then(pin)} />
      <MenuItem
        act="export-md"
        icon="download"
        label={text("export_markdown")}
        href={file("md")}
        onChoose={onClose}
      />
      <MenuItem
        act="export-json"
        icon="download"
        label={text("export_json")}
        href={file("json")}
        onChoose={onClose}
      />
      <MenuItem act="delete" icon="delete" label={text("delete")} onChoose={then(remove)} />
    </Menu>
  );
}
