import type { JSX } from "preact";

import { Icon, type IconName } from "../shared/Icon";

interface ActionButtonProps {
  act: string;
  icon: IconName;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  expanded?: boolean;
}

/** Draw an icon that acts; its words are its name and its tooltip. */
export function ActionButton(props: ActionButtonProps): JSX.Element {
  const { act, icon, label, onClick, disabled, expanded } = props;
  return (
    <button
      type="button"
      class="chat-action"
      data-act={act}
      aria-label={label}
      aria-disabled={disabled}
      aria-expanded={expanded}
      title={label}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
