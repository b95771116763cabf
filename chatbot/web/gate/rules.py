"""All rules of the gate, in the order of what a request passes."""

from __future__ import annotations

from chatbot.web.gate import headers, hosts, messages, paths, peers, tabs, uploads

RULES = (
    *peers.RULES,
    *hosts.RULES,
    *paths.RULES,
    *tabs.RULES,
    *messages.RULES,
    *uploads.RULES,
    *headers.RULES,
)
