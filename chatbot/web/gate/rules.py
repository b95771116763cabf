"""All rules of the gate, in the order of what a request passes."""

from __future__ import annotations

from chatbot.web.gate import files, headers, hosts, messages, paths, peers, shares, tabs, uploads

RULES = (
    *peers.RULES,
    *hosts.RULES,
    *paths.RULES,
    *tabs.RULES,
    *messages.RULES,
    *uploads.RULES,
    *files.RULES,
    *shares.RULES,
    *headers.RULES,
)
