"""`make audit`: whether what the chat ships has a known vulnerability, as a service knows them.

`python -m scripts.audit [--optional]`; with --optional it is skipped where no service answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

REQUIREMENTS = "requirements.txt"
_COMMAND = (
    *("-m", "pip_audit", "--progress-spinner", "off", "--format", "json"),
    *("--disable-pip", "--require-hashes", "--requirement", REQUIREMENTS),
)


class Unanswered(Exception):
    """Nobody could say what is known."""


def ask_service(command: Sequence[str]) -> list[dict[str, Any]]:
    """Return what pip-audit has learned of each package; raises Unanswered."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise Unanswered((done.stderr.strip().splitlines() or ["no answer"])[-1])
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    if unknown := [package for package in packages if "skip_reason" in package]:
        raise Unanswered(f"{len(unknown)} packages: {unknown[0]['skip_reason']}")
    return packages


def describe_vulnerabilities(package: dict[str, Any]) -> list[str]:
    """Return a line for each vulnerability of a package."""
    return [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"cured in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for vulnerability in package["vulns"]
    ]


def main(arguments: Sequence[str], command: Sequence[str] = (sys.executable, *_COMMAND)) -> int:
    """Print what is known; returns 1 when that is something, or when nobody could be asked."""
    try:
        packages = ask_service(command)
    except Unanswered as reason:
        word, status = ("skipped", 0) if "--optional" in arguments else ("error", 1)
        sys.stderr.write(f"{word}: the audit of {REQUIREMENTS}: {reason}\n")
        return status
    known = [line for package in packages for line in describe_vulnerabilities(package)]
    sys.stdout.write("\n".join(known or [f"nothing is known against {REQUIREMENTS}"]) + "\n")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
