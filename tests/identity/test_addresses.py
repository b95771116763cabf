"""An address has one name, however a peer writes it."""

from __future__ import annotations

import pytest

from chatbot.identity.addresses import HERE, name_address


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (None, HERE),
        ("127.0.0.1", HERE),
        ("::1", HERE),
        ("::ffff:127.0.0.1", HERE),
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", HERE),
    ],
)
def test_an_address_is_named(host: str | None, name: str) -> None:
    assert name_address(host) == name
