"""Logins in tests: settings for them, and a user whom they name."""

from __future__ import annotations

from tests.support.signing_proxy import HEADER

ISSUER = "https://id.example.org/realms/home"
OIDC = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": "chat",
    "oidc_client_secret": "of-the-chat",
    "public_url": "https://chat.example.org",
}


PROXY = {"user_header": HEADER, "trusted_proxies": "127.0.0.2"}
ANN = {"is_logged_in": True, "iss": ISSUER, "sub": "ann", "name": "Ann Example"}
