"""The sentences that the browser itself shows, by the names that frontend/src/texts.ts knows.

A pair is a singular and a plural, of which the field {count} chooses. STREAMLIT holds the words
that Streamlit's own front end says in English; the browser puts ours in their place.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatbot.i18n.translator import Translator
from chatbot.notices import Text

TEXTS: dict[str, Text] = {
    "again": "Answer again",
    "alert_failed": "The answer failed.",
    "answer_finished": "The answer is finished.",
    "answer_of": "Answer of {model}",
    "answer_stopped": "The answer is stopped.",
    "answering": "Answering…",
    "being_written": "An answer is being written",
    "better_model": "Get a better one",
    "cancel": "Cancel",
    "code": "Code",
    "continue": "Continue",
    "conversation_menu": "Rename, pin, export, delete",
    "conversations": "Conversations",
    "copied": "Copied",
    "copy": "Copy",
    "copy_code": "Copy code",
    "copy_failed": "The browser did not let this be copied.",
    "delete": "Delete",
    "delete_exchange": "Delete the prompt and its answer",
    "delete_really": "Delete?",
    "drop_to_attach": "Drop to attach",
    "edit": "Edit",
    "edit_prompt": "Edit the prompt",
    "export_json": "Export as JSON",
    "export_markdown": "Export as Markdown",
    "figures": "Figures",
    "file_too_large": "At most {megabytes} MB",
    "formula": "Formula",
    "gone": "This conversation is no longer there.",
    "greeting": "What can I help with?",
    "image": "Image",
    "manage_models": "Get and manage models",
    "menu_of": "Rename, pin, export, delete: {title}",
    "model_is": "Model: {model}",
    "models": "Models",
    "needs_scripts": "This page needs JavaScript, which this browser does not run.",
    "new_chat": "New chat",
    "next_version": "Next version",
    "no_hits": "No conversation has these words.",
    "not_attached": (
        "Not sent, as this could not be attached: {names}. Remove it here, or attach it again; "
        "a file has at most {megabytes} MB."
    ),
    "offline": "The server does not answer. The page goes on by itself when it is back.",
    "pin": "Pin",
    "previous_version": "Previous version",
    "prompt": "Your prompt",
    "rename": "Rename",
    "retry": "Try again",
    "search": "Search…",
    "search_conversations": "Search conversations",
    "search_models": "Search models",
    "send": "Send",
    "show_all": "Show all",
    "show_less": "Show less",
    "show_more": "Show more",
    "sign_out": "Sign out",
    "small_model": "You are talking to the small embedded model.",
    "start_anew": "Start anew",
    "starter_1": "Explain how a rainbow forms",
    "starter_2": "Write a short poem about the sea",
    "starter_3": "Give me five ideas for dinner",
    "starter_4": "Draft a friendly reminder by e-mail",
    "starters": "Prompts to start with",
    "stop": "Stop",
    "stopping": "Stopping…",
    "table": "Table",
    "theme": "Theme",
    "theme_dark": "Dark",
    "theme_light": "Light",
    "theme_system": "As the system",
    "thinking": "Thinking…",
    "thought": "Thought",
    "thought_for": ("Thought for {count} second", "Thought for {count} seconds"),
    "title": "Title",
    "to_end": "To the end",
    "tool_data": "Import, export, delete all",
    "tool_help": "Help",
    "tool_models": "Models",
    "tool_settings": "Settings",
    "tools": "Tools",
    "undo": "Undo",
    "unpin": "Unpin",
    "upload_failed": "Upload failed: click to try again",
    "version_of": "Version {number} of {count}",
    "wrap_lines": "Wrap lines",
}

STREAMLIT = (
    "Add an option",
    "Add files",
    "Browse files",
    "Cancel upload of {name}",
    "Choose an option",
    "Choose options",
    "Clear entry",
    "Clear value",
    "Click to retry upload",
    "Close",
    "Close fullscreen",
    "Collapse sidebar",
    "Connecting",
    "Copied",
    "Copy to clipboard",
    "Decrement",
    "Drag and drop a file here",
    "Drag and drop files here",
    "Expand sidebar",
    "File must be {size} or smaller.",
    "file upload",
    "Fullscreen",
    "Help for {name}",
    "Hide password",
    "Increment",
    "Link to heading",
    "Main menu",
    "No results",
    "Open",
    "Press Ctrl+Enter to apply",
    "Press Enter to apply",
    "Press ⌘+Enter to apply",
    "Remove {name}",
    "Running...",
    "Send message",
    "Show password",
    "Shortcut {keys}",
    "Sidebar",
    "Upload",
    "Upload failed",
    "Upload files",
    "{size} per file",
)


def list_texts() -> Iterator[Text]:
    """Yield all that has to be translated."""
    yield from TEXTS.values()
    yield from STREAMLIT


def translate_all(translator: Translator) -> dict[str, object]:
    """Return the sentences by their names, and Streamlit's words by the English ones."""
    sentences = {name: _translate(text, translator) for name, text in TEXTS.items()}
    return {**sentences, "streamlit": {word: translator.translate(word) for word in STREAMLIT}}


def _translate(text: Text, translator: Translator) -> str | list[str]:
    """Return the text, or its forms for one and for many, with their fields still open."""
    if isinstance(text, str):
        return translator.translate(text)
    return [translator.choose_form(*text, count) for count in (1, 2)]
