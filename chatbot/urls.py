"""Addresses of servers, which are never shown with the passwords that stand in some."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import SecretStr
from pydantic_core import CoreSchema, core_schema

_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)
_USER_INFO_IN_TEXT = re.compile(r"://[^\s/@]+@")
_PASSWORD = re.compile(r"(passw(?:or)?d|pwd)=[^&\s]*", re.IGNORECASE)


def hide_password(url: str) -> str:
    """Return an address, which may be malformed, with *** for its user and its passwords.

    >>> hide_password("postgresql://ann:hush@db/chat?sslpassword=hush")
    'postgresql://***@db/chat?sslpassword=***'
    """
    return _PASSWORD.sub(r"\1=***", _USER_INFO.sub(r"\1***@", url))


def mask_passwords(text: str) -> str:
    """Return a text whose addresses have *** for their users and passwords.

    >>> mask_passwords("no Ollama at http://ann:hush@gpu:11434")
    'no Ollama at http://***@gpu:11434'
    """
    return _PASSWORD.sub(r"\1=***", _USER_INFO_IN_TEXT.sub("://***@", text))


class ServerUrl(str):
    """A server's address as it may be shown; the user and password are for requests alone."""

    _user: str
    _password: SecretStr

    def __new__(cls, url: str) -> Self:
        """Take the user and password out of an address; raises ValueError if it is malformed."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        address = super().__new__(cls, urlunsplit(parts._replace(netloc=host)))
        address._user = unquote(parts.username or "")
        address._password = SecretStr(unquote(parts.password or ""))
        return address

    @property
    def basic_auth(self) -> tuple[str, str] | None:
        """The user and password for HTTP's basic authentication; None where there are none."""
        if not self._user and not self._password:
            return None
        return self._user, self._password.get_secret_value()

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> CoreSchema:
        """Let a field of a pydantic model be such an address."""
        return core_schema.is_instance_schema(cls)
