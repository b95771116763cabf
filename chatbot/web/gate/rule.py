"""What a rule of the gate says; the modules that hold the rules have theirs in `RULES`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One row of the table in docs/security.md, in plain English."""

    name: str
    tried: str  # what a stranger may try
    bound: str  # up to where it is let in, with its unit; from the constant that the code uses
    answer: str  # what happens beyond that
