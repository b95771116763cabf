"""The field's own nouns, typed, without input or output."""
