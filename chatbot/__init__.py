"""A small, self-hosted chat on Ollama: one page, one HTTP route, one process."""

__version__ = "0.1.0"
