"""Who manages the models is whom the operator names, and nobody whom only they themselves name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatbot.identity.rights import ManagersOnly
from chatbot.identity.users import USER, User, Users
from chatbot.settings import Settings
from tests.support.logins import ANN, OIDC, PROXY
from tests.support.sign_outs import Store

MAIL = "ann@example.org"


def _users(tmp_path: Path, **settings: Any) -> Users:
    return Users(Settings(data_dir=tmp_path / "data", **settings), Store())


def _may(users: Users, user: User | None) -> bool:
    assert user is not None
    return users.rights.may_manage_models(user.user_id)


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({}, True),
        ({"bind_host": "127.0.0.9"}, True),
        ({"bind_host": "[::1]"}, True),
        ({"bind_host": "0.0.0.0"}, False),
        ({"bind_host": "::"}, False),
        ({"public_url": "https://chat.example.org"}, False),
        ({"allowed_hosts": "chat.lan"}, False),
        ({"trusted_proxies": "127.0.0.1"}, False),
        ({"model_managers": "nobody"}, False),
        ({"model_managers": "everybody", "bind_host": "0.0.0.0"}, True),
    ],
)
def test_without_a_login_all_or_none_manage_the_models(
    tmp_path: Path, settings: dict[str, str], may: bool
) -> None:
    users = _users(tmp_path, **settings)
    assert _may(users, users.identify({}, ANN)) is may


@pytest.mark.parametrize(
    ("managers", "claims", "may"),
    [
        ("", {}, False),
        ("nobody", {}, False),
        ("everybody", {}, True),
        ("bob, ann", {}, True),
        ("bob", {}, False),
        (MAIL, {"email": MAIL, "email_verified": True}, True),
        (MAIL, {"email": MAIL, "email_verified": "true"}, True),
        (MAIL, {"email": MAIL, "email_verified": False}, False),
        (MAIL, {"email": MAIL}, False),
        (f"email={MAIL}", {"email": MAIL}, True),
        ("Ann Example", {}, False),
        ("groups=admins", {"groups": ["staff", "admins"]}, True),
        ("groups=admins", {"groups": "admins"}, True),
        ("groups=admins", {"groups": ["staff"]}, False),
        ("groups=admins", {}, False),
        ("None", {}, False),
    ],
)
def test_a_person_manages_the_models_by_what_the_provider_vouches_for(
    tmp_path: Path, managers: str, claims: dict[str, object], may: bool
) -> None:
    users = _users(tmp_path, **OIDC, model_managers=managers)
    assert _may(users, users.identify({}, ANN | claims)) is may


def test_who_is_no_manager_any_more_loses_the_right_when_they_come_again(tmp_path: Path) -> None:
    users = _users(tmp_path, **OIDC, model_managers="groups=admins")
    ann = users.identify({}, ANN | {"groups": ["admins"]})
    assert ann is not None
    users.rights.check_manager(ann.user_id)
    users.identify({}, ANN)
    with pytest.raises(ManagersOnly, match="its MODEL_MANAGERS says who they are"):
        users.rights.check_manager(ann.user_id)


def test_a_proxys_user_is_named_as_the_header_does(tmp_path: Path) -> None:
    users = _users(tmp_path, **PROXY, model_managers="ann")
    names = ("ann", "bob", "Ann")
    assert [_may(users, users.identify({}, {USER: name})) for name in names] == [True, False, False]
