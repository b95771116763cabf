"""Puts the front end's packages into frontend/node_modules, by the npm of .venv.

`python -m scripts.setup.front_end`; does nothing when they are those of package-lock.json.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.setup.steps import SetupError, cache_folder, run_step, say

FOLDER = Path(__file__).parents[2] / "frontend"


def provide_packages(folder: Path, environ: Mapping[str, str]) -> None:
    """Install what `folder`'s lock names, unless that is there; raises SetupError."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules/.installed-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    say(f"installing the front end's packages into {folder / 'node_modules'}")
    cache = cache_folder(environ)
    command = [str(Path(sys.executable).with_name("npm")), "ci", "--no-audit", "--no-fund"]
    # npm is a program of Node, which it finds on PATH; a cache outside the checkout outlives both.
    variables = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}",
        "npm_config_cache": str(cache / "npm"),
    }
    run_step(command, cache / "npm.log", environ=variables, cwd=folder)
    shutil.copyfile(lock, stamp)
    say("the front end's packages are installed")


def main() -> int:
    """Return 1 when they cannot be had, and say why."""
    try:
        provide_packages(FOLDER, os.environ)
    except SetupError as error:
        say(f"error: {error}: check the connection to the package registry, then run make again")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
