/** The page's themes; the last one is what the system has. */
export const THEMES = ["light", "dark", "system"] as const;

/** One of them. */
export type Theme = (typeof THEMES)[number];

// Where Streamlit keeps what was chosen, and how it calls it.
const KEY = `stActiveTheme-${location.pathname}-v2`;
const NAMES: Record<Theme, string> = { light: "Light", dark: "Dark", system: "System" };

/** Return the theme that was chosen in this browser. */
export function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => JSON.stringify(NAMES[theme]) === kept) ?? "system";
}

/** Keep a theme and show it; Streamlit reads it when the page is loaded. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, JSON.stringify(NAMES[theme]));
  location.reload();
}

/** Let the page's own colours follow the chosen theme before Streamlit is there. */
export function applyTheme(): void {
  const theme = readTheme();
  document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
}
