import type { JSX } from "preact";

const PATHS = {
  again: "M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  continue: "M5 6l7 6-7 6V6zM13 6l7 6-7 6V6z",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  delete: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 10.5v6M13.7 10.5v6",
  down: "M12 5v14M6 13l6 6 6-6",
  edit: "M5 19l.8-3.6L16.3 4.9l2.8 2.8L8.6 18.2 5 19zM14 7.2l2.8 2.8",
  figures: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.01",
  file: "M7 3.5h7l4 4v13H7zM13.5 3.5V8H18",
  next: "M10 6l6 6-6 6",
  previous: "M14 6l-6 6 6 6",
} as const;

/** The name of a drawing. */
export type IconName = keyof typeof PATHS;

/** Draw an icon; the button that it stands in has the words. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="chat-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
