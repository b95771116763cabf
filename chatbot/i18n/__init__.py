"""The chat's sentences and numbers in the reader's language."""
