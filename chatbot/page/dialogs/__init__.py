"""The page's dialogs."""
