"""The configuration: read once from the environment into one typed, frozen object."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chatbot.urls import ServerUrl, hide_password

EMBEDDED_MODEL_NAME = "smollm2:135m-instruct-q4_1"
SHORTEST_SECRET = 32  # characters, of the one that signs who somebody is
_SHORTEST_KEY = 16  # characters, of the one that programs send
_HERE = ("127.0.0.1", "::1", "localhost")
_NOBODY, _EVERYBODY = "nobody", "everybody"


class SettingsError(Exception):
    """A variable cannot be used; the text names it, its value and what is allowed."""


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(base) / "ollama-chatbot"


def _parse_ollama_url(value: object) -> object:
    """Ollama's address as it takes one itself: http where no scheme is named, with port 11434."""
    if not isinstance(value, str) or isinstance(value, ServerUrl):
        return value
    if value and "://" not in value:
        host, slash, path = value.partition("/")
        port = "" if re.search(r":\d+$", host) else ":11434"
        value = f"http://{host}{port}{slash}{path}"
    parts = _split_web_address(value)
    if value and parts is None:
        raise ValueError("must be an address such as http://127.0.0.1:11434")
    if parts and (ending := re.search(r"/(v1|api)(/.*)?$", parts.path)):
        # It is not cut off: nobody would see that another address is asked than the one they gave.
        raise ValueError(f"must be Ollama's address alone, without {ending[0]}")
    return ServerUrl(value.rstrip("/"))


def _split_web_address(value: str) -> SplitResult | None:
    """Return the parts of an http address; None for what is none, such as one with a bad port."""
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # it may quote the password
        return None
    # A password with one of /?# in it ends the host, as the address is read.
    is_whole = "@" not in parts.path and not parts.query and not parts.fragment
    return parts if is_web and is_whole else None


def _check_database_url(value: SecretStr) -> SecretStr:
    if value and not value.get_secret_value().startswith(
        ("sqlite:///", "postgresql://", "postgres://")
    ):
        raise ValueError("must start with sqlite:/// or postgresql://")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    bare = f"{parts.scheme}://{parts.netloc}"
    is_web = parts.scheme in ("http", "https")
    if value and not (is_web and parts.hostname and value.rstrip("/") == bare and "@" not in bare):
        raise ValueError("must be scheme, host and perhaps port, such as https://chat.example.org")
    return value.rstrip("/")


def _issuer(value: str) -> str:
    local = urlsplit(value).hostname in _HERE
    allowed = ("https://", "http://") if local else ("https://",)
    if value and not value.startswith(allowed):
        raise ValueError("must start with https://; http:// only for this machine")
    if "@" in value:
        raise ValueError("must have no name and password in it")
    return value.rstrip("/").removesuffix("/.well-known/openid-configuration").rstrip("/")


def _host_names(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = tuple(name.strip().lower() for name in value.split(","))
    if not all(re.fullmatch(r"\*|(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]", name) for name in names):
        raise ValueError(
            "must be names of hosts with commas between them, such as chat.lan,*.example.org"
        )
    return names


def _sites(value: object) -> object:
    if not isinstance(value, str):
        return value
    sites = tuple(site.strip() for site in value.split(","))
    if not all(re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9._-]+(:\d+)?", site) for site in sites):
        raise ValueError(
            "must be schemes and hosts with commas between them, such as https://www.example.org"
        )
    return sites


def _scope(value: str) -> str:
    if "openid" not in value.split():
        raise ValueError("must have openid among its words")
    return value


def _header(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError("must be the name of a header, such as X-Forwarded-User")
    return value


def _page(value: str) -> str:
    if value and not re.match(r"https?://|/(?!/)", value):
        raise ValueError("must be a path such as /oauth2/sign_out, or an address")
    return value


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ipaddress.ip_network(one.strip()) for one in value.split(","))
    except ValueError as error:
        raise ValueError(
            f"{error}; must be addresses or networks with commas between them, "
            "such as 10.0.0.5,10.1.0.0/16"
        ) from None


def _words(value: object) -> object:
    """Return what stands between commas."""
    if not isinstance(value, str):
        return value
    return tuple(filter(None, map(str.strip, value.split(","))))


def _managers(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(value) > 1 and {_NOBODY, _EVERYBODY} & {*value}:
        raise ValueError("must be nobody, everybody, or people with commas between them")
    return value


def _registries(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or not all(re.fullmatch(r"[\w.-]+(:\d+)?", host) for host in value):
        raise ValueError("must be hosts with commas between them, such as registry.ollama.ai,hf.co")
    return tuple(map(str.lower, value))


def _plain(value: object) -> object:
    """Return a value without the blanks, line end and pair of quotes that an env file leaves."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    quoted = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1] if quoted and text[0] not in text[1:-1] else text


def _below_home(folder: Path) -> Path:
    return folder.expanduser() if folder.parts[:1] == ("~",) else folder


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


# Every wait ends.
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Settings(BaseSettings):
    """Every variable that the chat reads. Times are in seconds, lengths in what the name says."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    port: int = Field(default=8501, ge=1, le=65535, description="Port of the page and the API")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of /metrics alone; unset: it is on PORT"
    )
    bind_host: str = Field(
        default="127.0.0.1", description="Address to listen on; :: for all, 0.0.0.0 for all of IPv4"
    )
    max_connections_per_peer: int = Field(
        default=2000,
        ge=10,
        description="Connections from one address at once, unless it is in TRUSTED_PROXIES",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_host_names)] = Field(
        default=(),
        description="Names that lead browsers here, besides PUBLIC_URL's: chat.lan,*.example.org",
    )
    frame_ancestors: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_sites)] = Field(
        default=(),
        description="Sites that may show the chat in a frame: https://www.example.org",
    )
    data_dir: Annotated[Path, AfterValidator(_below_home)] = Field(
        default_factory=_default_data_dir,
        description="Folder for the history, the cookie secret and pulled models",
    )
    data_lasts: bool = Field(
        default=True, description="False when DATA_DIR ends with the container; the image sets it"
    )
    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] = Field(
        default=SecretStr(""), description="Where the history is kept; empty: SQLite in DATA_DIR"
    )
    database_connections: int = Field(
        default=10, ge=1, description="Connections of one page process to PostgreSQL, at most"
    )
    ollama_base_url: Annotated[ServerUrl, BeforeValidator(_parse_ollama_url)] = Field(
        default=ServerUrl("http://127.0.0.1:11434"),
        description="An Ollama to use, perhaps with user:password@; unset: the chat starts its own",
    )
    ollama_service_url: Annotated[ServerUrl, BeforeValidator(_parse_ollama_url)] = Field(
        default=ServerUrl(""),
        description=(
            "With replicas: the name that has the addresses of all their Ollamas, which help each "
            "other; OLLAMA_BASE_URL is this one's"
        ),
    )
    ollama_gateway_url: Annotated[ServerUrl, BeforeValidator(_parse_ollama_url)] = Field(
        default=ServerUrl(""),
        description="With replicas: a gateway that chooses which of their Ollamas answers",
    )
    ollama_num_parallel: int = Field(
        default=1, ge=0, description="Answers that one Ollama writes at once, which reads this too"
    )
    pull_models: bool = Field(
        default=True, description="False where models come with the deployment and none is pulled"
    )
    model_managers: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_managers)
    ] = Field(
        default=(),
        description=(
            "Who may pull, delete and unload models: nobody, everybody, or people who sign in; "
            "unset: everybody on this machine alone, else nobody"
        ),
    )
    model_registries: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_registries)
    ] = Field(
        default=("registry.ollama.ai", "hf.co", "huggingface.co"),
        description="Hosts that models are pulled from",
    )
    allow_cloud_models: bool = Field(
        default=False, description="True where prompts may leave for models that run elsewhere"
    )
    chat_model: str = Field(
        default=EMBEDDED_MODEL_NAME,
        min_length=1,
        description="The model to start with; pulled when missing",
    )
    embedded_model: Path | None = Field(
        default=None, description="GGUF file of the embedded model, set by the set-up and the image"
    )
    system_prompt: str = Field(
        default="You are a helpful assistant. Answer clearly and briefly.",
        description="What the model is told before every conversation",
    )
    num_ctx: int = Field(default=4096, ge=256, description="Context window, in tokens")
    max_num_ctx: int | None = Field(
        default=None,
        ge=256,
        description="Largest window that a conversation may ask for; unset: the model's own",
    )
    num_predict: int = Field(default=2048, ge=1, description="Longest answer, in tokens")
    max_num_predict: int | None = Field(
        default=None,
        ge=1,
        description="Longest answer that a conversation may ask for; unset: no limit",
    )
    num_thread: int | None = Field(
        default=None,
        ge=1,
        description="CPU threads of the model; unset: from the CPU limit, else Ollama's",
    )
    max_answers: int = Field(
        default=64, ge=1, description="Answers under way at once; more are refused"
    )
    answers_per_visitor: int = Field(
        default=4, ge=1, description="Answers of one visitor under way at once"
    )
    prompts_per_minute: int = Field(
        default=60, ge=1, description="Prompts that one visitor may send in a minute"
    )
    stored_mb_per_visitor: int = Field(
        default=500, ge=1, description="Megabytes of conversations that one visitor may keep"
    )
    conversations_per_visitor: int = Field(
        default=5000, ge=1, description="Conversations that one visitor may keep"
    )
    retention_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after its last message that a conversation is deleted; unset: never",
    )
    max_prompt_chars: int = Field(default=64_000, ge=1, description="Longest prompt, in characters")
    max_file_mb: int = Field(
        default=10, ge=1, le=200, description="Largest attached file, in megabytes"
    )
    connect_timeout: Seconds = Field(default=5, gt=0, description="Seconds to reach Ollama")
    token_timeout: Seconds = Field(
        default=300, gt=0, description="Longest silence of Ollama, in seconds"
    )
    answer_timeout: Seconds = Field(default=1800, gt=0, description="Longest answer, in seconds")
    abandoned_after: Seconds = Field(
        default=600,
        ge=0,
        description="Seconds that an answer goes on that no page shows, if nobody needs its place",
    )
    drain_timeout: Seconds = Field(
        default=8, ge=0, description="Seconds that running answers get to finish after TERM"
    )
    cookie_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the visitors' cookie; empty: made once and kept in DATA_DIR",
    )
    old_cookie_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The COOKIE_SECRET of before, by which visitors are still known",
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        default="", description="The OpenID Connect provider where people sign in; empty: no login"
    )
    oidc_client_id: str = Field(default="", description="The chat's name at the provider")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The chat's password at the provider"
    )
    oidc_scope: Annotated[str, AfterValidator(_scope)] = Field(
        default="openid profile email", description="What the chat asks the provider for"
    )
    public_url: Annotated[str, AfterValidator(_origin)] = Field(
        default="", description="Where browsers find the chat; the provider sends them back there"
    )
    user_header: Annotated[str, AfterValidator(_header)] = Field(
        default="", description="Header in which a signing-in proxy names the user"
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        default=(), description="Addresses and networks of the proxies whose headers are believed"
    )
    sign_out_url: Annotated[str, AfterValidator(_page)] = Field(
        default="", description="Where that proxy signs a user out"
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="What programs send to POST /generate_text; needed there once people sign in",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        Field(default="INFO", description="How much is logged")
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field(
        default="text", description="Log lines as text or JSON"
    )
    served_by: bool = Field(
        default=False,
        description="True tells the replica's name in the header X-Served-By, for load tests",
    )

    @property
    def has_replicas(self) -> bool:
        """Whether the chat is one of several."""
        return bool(self.ollama_service_url or self.ollama_gateway_url)

    @property
    def is_ollama_here(self) -> bool:
        """Whether Ollama runs on this machine, whose memory and disk it shares."""
        return urlsplit(self.ollama_base_url).hostname in _HERE

    @property
    def has_one_window(self) -> bool:
        """Whether every conversation has the context window of NUM_CTX."""
        return self.max_num_ctx == self.num_ctx

    @property
    def is_for_this_machine(self) -> bool:
        """Whether only who uses this machine reaches the chat, as far as is set."""
        host = self.bind_host.strip("[]")
        is_loopback = host in ("localhost", "::1") or host.startswith("127.")
        others = (self.login, self.public_url, self.allowed_hosts, self.trusted_proxies)
        return is_loopback and not any(others)

    @property
    def all_manage_models(self) -> bool | None:
        """Whether everybody may manage the models; None where it depends on who they are."""
        if not self.model_managers:
            return self.is_for_this_machine
        return {_NOBODY: False, _EVERYBODY: True}.get(self.model_managers[0])

    @property
    def login(self) -> Literal["", "oidc", "header"]:
        """How people are known: by a browser's cookie alone, by a provider, or by a proxy."""
        return "oidc" if self.oidc_issuer else "header" if self.user_header else ""

    @property
    def oidc_metadata_url(self) -> str:
        """Where the provider describes itself (OpenID Connect Discovery 1.0, section 4)."""
        return f"{self.oidc_issuer}/.well-known/openid-configuration"

    @model_validator(mode="before")
    @classmethod
    def _take_as_meant(cls, values: dict[str, object]) -> dict[str, object]:
        # A secret may be any text: another than it was, and nobody would be known again.
        meant = {
            name: value if name.endswith("cookie_secret") else _plain(value)
            for name, value in values.items()
        }
        if meant.get("api_key") == "":  # a blank key is no key that is unset: that opens the API
            meant["api_key"] = values["api_key"]
        return {name: value for name, value in meant.items() if value != ""}

    @model_validator(mode="after")
    def _window_is_allowed(self) -> Self:
        if self.max_num_ctx is not None and self.max_num_ctx < self.num_ctx:
            raise ValueError(
                f"MAX_NUM_CTX is {self.max_num_ctx}: it must be {self.num_ctx} (NUM_CTX) or more"
            )
        return self

    @model_validator(mode="after")
    def _secret_is_long(self) -> Self:
        if 0 < len(self.cookie_secret) < SHORTEST_SECRET:
            raise ValueError(
                f"COOKIE_SECRET has {len(self.cookie_secret)} characters: it needs "
                f"{SHORTEST_SECRET} or more, such as `openssl rand -hex 32` prints. Name this one "
                "in OLD_COOKIE_SECRET, and the visitors keep their histories"
            )
        return self

    @model_validator(mode="after")
    def _answer_is_allowed(self) -> Self:
        if self.max_num_predict is not None and self.max_num_predict < self.num_predict:
            raise ValueError(
                f"MAX_NUM_PREDICT is {self.max_num_predict}: it must be {self.num_predict} "
                "(NUM_PREDICT) or more"
            )
        return self

    @model_validator(mode="after")
    def _key_is_long(self) -> Self:
        count = len(self.api_key.get_secret_value().strip())
        if self.api_key and count < _SHORTEST_KEY:
            raise ValueError(
                f"API_KEY has {count} characters; it needs {_SHORTEST_KEY} or more, such as "
                "`openssl rand -hex 32` prints"
            )
        return self

    @model_validator(mode="after")
    def _managers_are_known(self) -> Self:
        if self.all_manage_models is None and not self.login:
            raise ValueError(
                "MODEL_MANAGERS names people, and nobody signs in here: set nobody or everybody, "
                "or a login"
            )
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        needed = {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret,
            "PUBLIC_URL": self.public_url,
        }
        missing = [name for name, value in needed.items() if not value]
        oidc = self.oidc_issuer or self.oidc_client_id or self.oidc_client_secret
        if oidc and missing:
            raise ValueError(f"OIDC needs {', '.join(needed)}; not set: {', '.join(missing)}")
        if oidc and self.user_header:
            raise ValueError("OIDC_ISSUER and USER_HEADER are both set; people sign in one way")
        if self.user_header and not self.trusted_proxies:
            raise ValueError(
                f"USER_HEADER is {self.user_header!r} without TRUSTED_PROXIES: name the addresses "
                "that may send it, else anybody could be anybody"
            )
        return self


def load() -> Settings:
    """Read the environment; raises SettingsError with one sentence for each bad variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(e) for e in error.errors())) from None


def _sentence(error: object) -> str:
    """One pydantic error as `PORT is 'abc': Input should be a valid integer.`"""
    assert isinstance(error, dict)
    reason = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "bool_parsing":
        reason = "must be True or False"
    if not error["loc"]:
        return f"{reason}."  # of several variables at once
    name, value = str(error["loc"][0]).upper(), error["input"]
    shown = hide_password(value) if isinstance(value, str) else value
    return f"{name} is {shown!r}: {reason}."
