import type { JSX } from "preact";

const PATHS = {
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  again: "M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M6 9l6 6 6-6",
  continue: "M5 6l7 6-7 6V6zM13 6l7 6-7 6V6z",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  dark: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  data: "M8 4v14M4.5 14.5L8 18l3.5-3.5M16 20V6M12.5 9.5L16 6l3.5 3.5",
  delete: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 10.5v6M13.7 10.5v6",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
  edit: "M5 19l.8-3.6L16.3 4.9l2.8 2.8L8.6 18.2 5 19zM14 7.2l2.8 2.8",
  figures: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.01",
  file: "M7 3.5h7l4 4v13H7zM13.5 3.5V8H18",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.6 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.8M12 16.6v.01",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4",
  models: "M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7L12 3.5zM4.5 7.7L12 12l7.5-4.3M12 12v8.5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  new: "M12 4.5H5.5v14h14V12M10 14l.5-3L18 3.5l2.5 2.5L13 13.5l-3 .5z",
  next: "M10 6l6 6-6 6",
  pin: "M9 4h6l-.8 6 3.3 3v1.5h-11V13l3.3-3L9 4zM12 14.5V20",
  previous: "M14 6l-6 6 6 6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
  settings: "M4 7h9M17 7h3M15 4.5v5M4 12h3M11 12h9M9 9.5v5M4 17h9M17 17h3M15 14.5v5",
  sign_out: "M14 4.5H5.5v15H14M10 12h10M16.5 8.5L20 12l-3.5 3.5",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
} as const;

/** The name of a drawing. */
export type IconName = keyof typeof PATHS;

/** Draw an icon; the button that it stands in has the words. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="chat-icon" data-icon={name} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
