"""The names that the chat goes by, and the pages that may ask it: its own alone.

Any page can make its reader's browser ask an address that only the reader reaches, and a name that
changes its address (DNS rebinding) makes that page look like ours. A browser says both by itself:
where a request goes (Host) and whose page asks (Origin).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from chatbot.settings import Settings
from chatbot.web.gate.errors import NotLetIn
from chatbot.web.gate.rule import Rule

_PLACE = r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
_HOST = re.compile(_PLACE)
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_PLACE}")
_USUAL_PORTS = {"http": "80", "https": "443"}
_LONGEST_NAME = 253  # characters, as in DNS

RULES = (
    Rule(
        "host",
        "lead a name of their own, and the readers of its page, to the chat (DNS rebinding)",
        "on loopback: this machine's names, PUBLIC_URL's and ALLOWED_HOSTS; elsewhere, once one of "
        "the two is set: also IP addresses",
        "403, before anything is read",
    ),
    Rule(
        "origin",
        "open the WebSocket, send a form or read the API from another site's page",
        "the scheme, host and port that the request goes to, or PUBLIC_URL; programs send none",
        "403 at once; nothing outside is asked",
    ),
)


@dataclass(frozen=True)
class Place:
    """Where a request goes, or comes from; `port` is "" where none is named."""

    name: str
    port: str
    scheme: str = ""

    def find_port(self, scheme: str) -> str:
        """Return the port, where the usual one of `scheme` is meant if none is named."""
        return self.port or _USUAL_PORTS[scheme]


class Hosts:
    """Judges where a request goes and whose page makes a browser send it."""

    def __init__(self, settings: Settings) -> None:
        self._public = _read_place(_ORIGIN, settings.public_url)
        self._names = settings.allowed_hosts
        self._is_local = _is_loopback(settings.bind_host)
        self.is_open = not (self._is_local or self._public or self._names)
        """Whether the chat takes every name for its own, since it was told none."""

    def check(self, connection: HTTPConnection) -> None:
        """Raise NotLetIn, unless a program or the chat's own page asks the chat."""
        told = ",".join(connection.headers.getlist("host"))
        host = _read_place(_HOST, told)
        if told and (host is None or not self._is_own(host.name)):  # each browser tells one
            raise NotLetIn("foreign_host", host=told[:_LONGEST_NAME])
        origin = ",".join(connection.headers.getlist("origin"))
        is_secure = connection.scope["scheme"] in ("https", "wss")
        if origin and not self._is_own_page(_read_place(_ORIGIN, origin), host, is_secure):
            raise NotLetIn("foreign_origin")

    def _is_own(self, name: str) -> bool:
        if self.is_open or _is_loopback(name) or (self._public and self._public.name == name):
            return True
        # Nobody asks DNS for an address, so nobody can lead it elsewhere.
        is_safe = not self._is_local and _find_address(name) is not None
        return is_safe or any(_matches(name, pattern) for pattern in self._names)

    def _is_own_page(self, origin: Place | None, host: Place | None, is_secure: bool) -> bool:
        if origin is None or host is None:
            return False
        if _is_same_page(origin, self._public):
            return True
        # A proxy may have taken https off without a word. Not before this machine's own names:
        # another port of it is another program.
        untold = "http" if _is_loopback(host.name) else origin.scheme
        scheme = "https" if is_secure else untold
        is_same_port = origin.find_port(origin.scheme) == host.find_port(scheme)
        is_weaker = is_secure and origin.scheme == "http"
        return origin.name == host.name and is_same_port and not is_weaker


def _is_same_page(origin: Place, public: Place | None) -> bool:
    if public is None or (origin.scheme, origin.name) != (public.scheme, public.name):
        return False
    return origin.find_port(origin.scheme) == public.find_port(public.scheme)


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name is one of ALLOWED_HOSTS, such as `chat.lan` or `*.example.org`."""
    return name == pattern or (pattern.startswith("*") and name.endswith(pattern[1:]))


def _read_place(pattern: re.Pattern[str], text: str) -> Place | None:
    """Return the place that a header names, None for what is none, such as `null`."""
    match = pattern.fullmatch(text.lower())
    if match is None:
        return None
    told = match.groupdict("")
    return Place(told["name"].rstrip("."), told["port"], told.get("scheme", ""))


def _is_loopback(name: str) -> bool:
    """Return whether it is this machine, by a name that nobody can lead elsewhere."""
    address = _find_address(name)
    return name == "localhost" or (address is not None and address.is_loopback)


def _find_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that stands for itself, None for a name."""
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None
