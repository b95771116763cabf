"""The environment is read once, and a value that cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from chatbot import settings
from chatbot.settings import EMBEDDED_MODEL_NAME, Settings, SettingsError
from chatbot.urls import hide_password

AS_IT_WAS = f'"{"as it was" * 4}"'


def test_without_any_variable_the_defaults_serve_a_laptop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found = settings.load()
    assert (found.port, found.bind_host) == (8501, "127.0.0.1")
    assert found.data_dir == tmp_path / "ollama-chatbot"
    assert found.chat_model == EMBEDDED_MODEL_NAME
    assert found.ollama_base_url == "http://127.0.0.1:11434"


def test_without_xdg_the_data_is_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.load().data_dir == tmp_path / ".local/share/ollama-chatbot"


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("PORT", "8601", "port", 8601),
        ("DATA_DIR", "/srv/chat", "data_dir", Path("/srv/chat")),
        (
            "DATABASE_URL",
            "postgresql://chat@db/chat",
            "database_url",
            SecretStr("postgresql://chat@db/chat"),
        ),
        ("OLLAMA_BASE_URL", "http://gpu:11434/", "ollama_base_url", "http://gpu:11434"),
        ("OLLAMA_BASE_URL", "127.0.0.1:11500", "ollama_base_url", "http://127.0.0.1:11500"),
        ("OLLAMA_BASE_URL", "ollama", "ollama_base_url", "http://ollama:11434"),
        ("OLLAMA_BASE_URL", "gpu:11500/ollama/", "ollama_base_url", "http://gpu:11500/ollama"),
        ("OLLAMA_BASE_URL", "[::1]", "ollama_base_url", "http://[::1]:11434"),
        ("OLLAMA_BASE_URL", "https://ai.example.org", "ollama_base_url", "https://ai.example.org"),
        ("OLLAMA_SERVICE_URL", "ollama:11434", "ollama_service_url", "http://ollama:11434"),
        ("CHAT_MODEL", "qwen3:4b", "chat_model", "qwen3:4b"),
        ("CHAT_MODEL", " qwen3:4b\n", "chat_model", "qwen3:4b"),
        ("NUM_THREAD", "2", "num_thread", 2),
        ("TOKEN_TIMEOUT", "0.5", "token_timeout", 0.5),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("PORT", "", "port", 8501),
        ("NUM_THREAD", "", "num_thread", None),
        ("NUM_CTX", '"8192"', "num_ctx", 8192),
        ("NUM_CTX", " 8192\r", "num_ctx", 8192),
        ("NUM_CTX", "'8192'\r\n", "num_ctx", 8192),
        ("NUM_THREAD", '""', "num_thread", None),
        ("NUM_THREAD", "\r", "num_thread", None),
        ("PULL_MODELS", "no\r", "pull_models", False),
        ("PULL_MODELS", '"False"', "pull_models", False),
        ("DATA_LASTS", "OFF", "data_lasts", False),
        ("DATA_LASTS", "Yes", "data_lasts", True),
        ("CHAT_MODEL", '"qwen3:4b"\r', "chat_model", "qwen3:4b"),
        ("OLLAMA_BASE_URL", '"http://gpu:11434/"\r', "ollama_base_url", "http://gpu:11434"),
        ("DATA_DIR", '"/srv/my chat"', "data_dir", Path("/srv/my chat")),
        ("DATA_DIR", "~/chat", "data_dir", Path.home() / "chat"),
        ("DATA_DIR", "~nobody-here/chat", "data_dir", Path("~nobody-here/chat")),
        ("BIND_HOST", " 0.0.0.0 ", "bind_host", "0.0.0.0"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("LOG_FORMAT", "JSON", "log_format", "json"),
        ("SYSTEM_PROMPT", '"Answer" or "ask"', "system_prompt", '"Answer" or "ask"'),
        ("SYSTEM_PROMPT", "'It's short'", "system_prompt", "'It's short'"),
        ("COOKIE_SECRET", f"{AS_IT_WAS}\r", "cookie_secret", SecretStr(f"{AS_IT_WAS}\r")),
        ("OLD_COOKIE_SECRET", '"old"\r', "old_cookie_secret", SecretStr('"old"\r')),
        ("API_KEY", '"sixteen-or-more!"', "api_key", SecretStr("sixteen-or-more!")),
        ("MODEL_MANAGERS", "everybody", "model_managers", ("everybody",)),
        ("MODEL_REGISTRIES", "Hf.co, models:5000", "model_registries", ("hf.co", "models:5000")),
    ],
)
def test_a_variable_sets_its_field_and_an_empty_one_does_not(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(settings.load(), name) == expected


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("PORT", "abc", "valid integer"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("NUM_CTX", "100", "greater than or equal to 256"),
        ("MAX_ANSWERS", "0", "greater than or equal to 1"),
        ("TOKEN_TIMEOUT", "-1", "greater than 0"),
        ("TOKEN_TIMEOUT", "inf", "finite"),
        ("ANSWER_TIMEOUT", "nan", "finite"),
        ("ABANDONED_AFTER", "-1", "greater than or equal to 0"),
        ("ABANDONED_AFTER", "inf", "finite"),
        ("OLLAMA_BASE_URL", "ftp://gpu:11434", "must be an address such as http://127.0.0.1"),
        ("OLLAMA_BASE_URL", "http://gpu:port", "must be an address such as"),
        ("OLLAMA_BASE_URL", "http://", "must be an address such as http://127.0.0.1"),
        ("OLLAMA_BASE_URL", "http://gpu:11434/v1", "must be Ollama's address alone, without /v1"),
        ("OLLAMA_BASE_URL", "http://gpu:11434/v1/", "must be Ollama's address alone, without /v1"),
        ("OLLAMA_BASE_URL", "gpu/api/chat", "must be Ollama's address alone, without /api/chat"),
        ("OLLAMA_SERVICE_URL", "http://gpu/api", "must be Ollama's address alone, without /api"),
        ("DATABASE_URL", "mysql://db/chat", "must start with sqlite:/// or postgresql://"),
        ("OIDC_ISSUER", "http://id.example.org", "must start with https://"),
        ("OIDC_ISSUER", "id.example.org", "must start with https://"),
        ("OIDC_SCOPE", "profile", "must have openid among its words"),
        ("PUBLIC_URL", "chat.example.org", "must be scheme, host and perhaps port"),
        ("PUBLIC_URL", "https://chat.example.org/chat", "must be scheme, host and perhaps port"),
        ("PUBLIC_URL", "https://ann:pw@chat.example.org", "must be scheme, host and perhaps port"),
        ("MODEL_REGISTRIES", "https://hf.co", "must be hosts with commas between them"),
        ("MODEL_REGISTRIES", ",", "must be hosts with commas between them"),
        ("MODEL_MANAGERS", "nobody,ann", "must be nobody, everybody, or people"),
        ("METRICS_PORT", "0", "greater than or equal to 1"),
        ("ALLOWED_HOSTS", "https://chat.lan", "must be names of hosts"),
        ("ALLOWED_HOSTS", "chat.lan:8501", "must be names of hosts"),
        ("FRAME_ANCESTORS", "www.example.org", "must be schemes and hosts"),
        ("FRAME_ANCESTORS", "https://a.example; script-src *", "must be schemes and hosts"),
        ("USER_HEADER", "X User", "must be the name of a header"),
        ("TRUSTED_PROXIES", "proxy", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "*", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set"),
        ("SIGN_OUT_URL", "javascript:alert(1)", "must be a path"),
        ("SIGN_OUT_URL", "//evil.example.org", "must be a path"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("PULL_MODELS", "never", "must be True or False"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
    ],
)
def test_a_bad_value_is_told_with_its_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refusal:
        settings.load()
    assert str(refusal.value).startswith(f"{variable} is '{hide_password(value)}': ")
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://ann:hush@db/chat"),
        ("DATABASE_URL", "ann:hush hush@db/chat"),
        ("DATABASE_URL", "host=db user=ann password=hush"),
        ("OLLAMA_BASE_URL", "ftp://ann:hush@gpu"),
        ("OLLAMA_BASE_URL", "http://ann:hush/hush@gpu"),
        ("OLLAMA_BASE_URL", "http://ann:1#hush@gpu"),
        ("OLLAMA_BASE_URL", "http://ann:1/hush@gpu"),
        ("OLLAMA_SERVICE_URL", "ann:hush@gpu/api"),
        ("OIDC_ISSUER", "https://ann:hush@id.example.org"),
        ("PUBLIC_URL", "https://ann:hush@chat.example.org"),
    ],
)
def test_a_bad_address_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable} is ") as refusal:
        settings.load()
    assert "***" in str(refusal.value) and "hush" not in str(refusal.value)


def test_no_secret_is_in_what_the_settings_say_of_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", "hush" * 4)
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "hush")
    monkeypatch.setenv("OIDC_CLIENT_ID", "chat")
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org")
    monkeypatch.setenv("PUBLIC_URL", "https://chat.example.org")
    monkeypatch.setenv("COOKIE_SECRET", "hush" * 8)
    monkeypatch.setenv("OLD_COOKIE_SECRET", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:hush@db/chat")
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://ann:hush@gpu")
    monkeypatch.setenv("OLLAMA_SERVICE_URL", "ann:hush@ollama")
    assert "hush" not in repr(settings.load()) + settings.load().model_dump_json()


def test_each_bad_variable_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("NUM_CTX", "few")
    with pytest.raises(SettingsError) as refusal:
        settings.load()
    lines = str(refusal.value).splitlines()
    assert [line.split()[0] for line in lines] == ["PORT", "NUM_CTX"]


OIDC = {
    "OIDC_ISSUER": "https://id.example.org",
    "OIDC_CLIENT_ID": "chat",
    "OIDC_CLIENT_SECRET": "hush",
    "PUBLIC_URL": "https://chat.example.org",
}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        *(({key: OIDC[key] for key in OIDC if key != name}, f"not set: {name}.") for name in OIDC),
        ({"OIDC_CLIENT_SECRET": "hush"}, "not set: OIDC_ISSUER, OIDC_CLIENT_ID, PUBLIC_URL."),
        (OIDC | {"COOKIE_SECRET": "short"}, "COOKIE_SECRET has 5 characters"),
        ({"COOKIE_SECRET": "long" * 7}, "COOKIE_SECRET has 28 characters: it needs 32 or more"),
        ({"USER_HEADER": "X-User"}, "USER_HEADER is 'X-User' without TRUSTED_PROXIES"),
        (OIDC | {"USER_HEADER": "X-User", "TRUSTED_PROXIES": "::1"}, "people sign in one way"),
    ],
)
def test_half_a_login_is_refused_without_telling_its_secret(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        settings.load()
    assert sentence in str(refusal.value)
    assert "hush" not in str(refusal.value)


def test_a_whole_login_is_taken_as_people_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = OIDC | {
        "OIDC_ISSUER": "https://id.example.org/realms/a/.well-known/openid-configuration",
        "OIDC_CLIENT_SECRET": "hush\n",
        "PUBLIC_URL": "https://chat.example.org/",
        "TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16,fd00::/8",
    }
    for name, value in written.items():
        monkeypatch.setenv(name, value)
    found = settings.load()
    assert found.oidc_issuer == "https://id.example.org/realms/a"
    assert found.oidc_client_secret.get_secret_value() == "hush"
    assert found.public_url == "https://chat.example.org"
    assert [str(one) for one in found.trusted_proxies] == ["10.0.0.5/32", "10.1.0.0/16", "fd00::/8"]
    assert found.login == "oidc"
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("value", "count"), [("hush", 4), (" ", 0), ('""', 2), ("hush hush       ", 9)]
)
def test_a_key_that_can_be_guessed_stops_the_start_and_is_not_told(
    monkeypatch: pytest.MonkeyPatch, value: str, count: int
) -> None:
    monkeypatch.setenv("API_KEY", value)
    with pytest.raises(SettingsError, match=f"^API_KEY has {count} characters; it ") as refusal:
        settings.load()
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MODEL_MANAGERS": "ann"}, "MODEL_MANAGERS names people, and nobody signs in here"),
        ({"MAX_NUM_PREDICT": "100"}, r"MAX_NUM_PREDICT is 100: it must be 2048 \(NUM_PREDICT\)"),
    ],
)
def test_what_contradicts_other_variables_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{sentence}"):
        settings.load()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_each_field_says_what_it_does() -> None:
    assert all(field.description for field in Settings.model_fields.values())
