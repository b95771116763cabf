"""`make upgrade`, its first step: raise the versions that pyproject.toml names to the newest ones.

Those with `==` are the programs of which the chat uses more than is documented, and the tools whose
verdicts change with their version. `make pins UPGRADE=--upgrade` then raises all others.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r'(?P<name>"[\w.-]+(\[\w+\])?)==(?P<version>[\w.]+)')
_COMPILE = ("-m", "uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11")


def loosen_pins(pyproject: str) -> str:
    """Return the text of pyproject.toml with each `==` made a `>=`: no version goes back."""
    return _PIN.sub(r"\g<name>>=\g<version>", pyproject)


def raise_pins(pyproject: str, requirements: str) -> str:
    """Return the text of pyproject.toml with each `==` as the lines of `requirements` have it."""
    newest = dict(re.findall(r"^([\w.-]+)==([\w.]+)", requirements, re.MULTILINE))

    def raise_pin(pin: re.Match[str]) -> str:
        name = pin["name"].strip('"').partition("[")[0].lower()
        return f"{pin['name']}=={newest.get(name, pin['version'])}"

    return _PIN.sub(raise_pin, pyproject)


def find_newest(pyproject: str) -> str:
    """Return what uv finds for the loosened text, as a requirements file; needs the network."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pyproject.toml")
        file.write_text(loosen_pins(pyproject), encoding="utf-8")
        command = [sys.executable, *_COMPILE, str(file), "--group", f"{file}:dev"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Raise the pins of pyproject.toml and print those that changed."""
    file = ROOT / "pyproject.toml"
    before = file.read_text(encoding="utf-8")
    after = raise_pins(before, find_newest(before))
    file.write_text(after, encoding="utf-8")
    changes = zip(_PIN.finditer(before), _PIN.finditer(after), strict=True)
    for old, new in changes:
        if old[0] != new[0]:
            sys.stdout.write(f"{new['name'][1:]}: {old['version']} → {new['version']}\n")


if __name__ == "__main__":
    main()
