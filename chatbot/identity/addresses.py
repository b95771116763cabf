"""From where somebody asks, as far as it decides whose share is taken."""

from __future__ import annotations

import ipaddress

HERE = "this machine"
_HOST_BITS = 64  # of an IPv6 address: a machine may choose them as it likes


def name_address(host: str | None) -> str:
    """Return the name of the address that a peer's share belongs to; None is this machine."""
    try:
        address = ipaddress.ip_address(host or "::1")
    except ValueError:  # a proxy may write what it likes
        return host or HERE
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None and not address.is_loopback:
            return str(ipaddress.ip_network((int(address), 128 - _HOST_BITS), strict=False))
        address = address.ipv4_mapped or address
    return HERE if address.is_loopback else str(address)
