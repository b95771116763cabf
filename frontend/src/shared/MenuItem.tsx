import type { JSX } from "preact";

import { Icon, type IconName } from "./Icon";

interface MenuItemProps {
  act: string;
  icon: IconName;
  label: string;
  onChoose: () => void;
  /** An address that is opened, as of a file. */
  href?: string;
  /** Whether it is the chosen one of several. */
  checked?: boolean;
}

/** Draw one entry of a menu. */
export function MenuItem(props: MenuItemProps): JSX.Element {
  const { act, icon, label, onChoose, href, checked } = props;
  const shared = {
    role: checked === undefined ? ("menuitem" as const) : ("menuitemradio" as const),
    "aria-checked": checked,
    "data-act": act,
    tabIndex: -1,
    onClick: onChoose,
  };
  const content = (
    <>
      <Icon name={icon} />
      <span>{label}</span>
      {checked && <Icon name="check" />}
    </>
  );
  if (href === undefined) {
    return (
      <button type="button" {...shared}>
        {content}
      </button>
    );
  }
  return (
    <a href={href} download {...shared}>
      {content}
    </a>
  );
}
