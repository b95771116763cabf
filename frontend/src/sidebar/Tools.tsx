import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Icon, type IconName } from "../shared/Icon";
import { Menu } from "../shared/Menu";
import { MenuItem } from "../shared/MenuItem";
import { text } from "../texts";
import { chooseTheme, readTheme, THEMES } from "./theme";
import type { Ask } from "./types";

interface ToolsProps {
  user: string;
  canSignOut: boolean;
  ask: Ask;
}

const DIALOGS = ["settings", "models", "data", "help"] as const;

/** Draw the tools at the sidebar's foot. */
export function Tools({ user, canSignOut, ask }: ToolsProps): JSX.Element {
  return (
    <div class="chat-tools" role="toolbar" aria-label={text("tools")}>
      {DIALOGS.map((name) => (
        <ToolButton name={name} label={text(`tool_${name}`)} onClick={() => ask({ act: name })} key={name} />
      ))}
      <ThemeTool />
      {user && <AccountTool user={user} canSignOut={canSignOut} ask={ask} />}
    </div>
  );
}

interface ToolButtonProps {
  name: IconName;
  label: string;
  onClick: (anchor: HTMLElement) => void;
  isOpen?: boolean;
}

function ToolButton({ name, label, onClick, isOpen }: ToolButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="chat-tool"
      data-act={name}
      aria-label={label}
      aria-haspopup={isOpen === undefined ? "dialog" : "menu"}
      aria-expanded={isOpen}
      title={label}
      onClick={(event) => onClick(event.currentTarget)}
    >
      <Icon name={name} />
    </button>
  );
}

function ThemeTool(): JSX.Element {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const chosen = readTheme();
  return (
    <>
      <ToolButton
        name={chosen}
        label={text("theme")}
        isOpen={anchor !== null}
        onClick={(button) => setAnchor(anchor ? null : button)}
      />
      {anchor && (
        <Menu label={text("theme")} anchor={anchor} onClose={() => setAnchor(null)}>
          {THEMES.map((theme) => (
            <MenuItem
              act={theme}
              icon={theme}
              label={text(`theme_${theme}`)}
              checked={theme === chosen}
              onChoose={() => chooseTheme(theme)}
              key={theme}
            />
          ))}
        </Menu>
      )}
    </>
  );
}

function AccountTool({ user, canSignOut, ask }: ToolsProps): JSX.Element {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <ToolButton
        name="account"
        label={user}
        isOpen={anchor !== null}
        onClick={(button) => setAnchor(anchor ? null : button)}
      />
      {anchor && (
        <Menu label={user} anchor={anchor} onClose={() => setAnchor(null)}>
          <p class="chat-user">{user}</p>
          {canSignOut && (
            <MenuItem
              act="sign_out"
              icon="sign_out"
              label={text("sign_out")}
              onChoose={() => ask({ act: "sign_out" })}
            />
          )}
        </Menu>
      )}
    </>
  );
}
