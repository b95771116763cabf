"""A real PostgreSQL server in tests."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import psycopg


class NoPostgres(Exception):
    """PostgreSQL is not installed; the text says how to get it."""


class Postgres:
    """A PostgreSQL server that is only ours, at a socket in a folder of its own.

    `fsync`: its commits wait for the disk, as they do where people write.
    """

    def __init__(self, fsync: bool = False) -> None:
        self._fsync = "on" if fsync else "off"

    def __enter__(self) -> Self:
        initdb = find_program("initdb")
        self._user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
        if self._user:  # it refuses root
            shutil.chown(self._folder, "postgres")
        data, encoding = str(self._folder / "data"), ("-E", "UTF8", "--locale=C")
        self._run(initdb, "-D", data, "-U", "chat", "-A", "trust", *encoding, "-N")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    @property
    def url(self) -> str:
        """The URL of its databases, with {} for the name."""
        return f"postgresql://chat@/{{}}?host={self._folder}"

    def make_database(self) -> str:
        """Return the URL of a new, empty database."""
        name = f"chat_{secrets.token_hex(4)}"
        with psycopg.connect(self.url.format("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.format(name)

    def start(self) -> None:
        """Let it serve, after `stop` again."""
        folder = f"-c listen_addresses='' -c unix_socket_directories={self._folder}"
        options = f"{folder} -c fsync={self._fsync}"
        self._control("-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        """End it as a crash does."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        data = str(self._folder / "data")
        self._run(find_program("pg_ctl"), "-D", data, "-w", *arguments)

    def _run(self, *command: str) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, cwd=self._folder, **self._user)


def find_program(name: str) -> str:
    """Return the path of a program of PostgreSQL's. Raises NoPostgres."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(installed[-1]) if installed else shutil.which(name)
    if not program:
        raise NoPostgres("PostgreSQL is not installed (as root: apt-get install postgresql)")
    return program
