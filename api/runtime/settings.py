"""How an installation differs from another: every setting, its meaning, and what it is if nobody says."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.asgi.status_codes import StatusCodePolicy
from api.runtime.log_setup import LogFormat
from domain.log.schema import workspace_name


def _dsn(said: object) -> object:
    """None for an empty one. Raises `ValueError`, without telling it, for what is no address of a PostgreSQL."""
    text = said.get_secret_value() if isinstance(said, SecretStr) else said
    if (
        not isinstance(text, str)
        or text.startswith(("postgresql://", "postgres://"))
        or "=" in text.partition("://")[0]
    ):
        return said
    if text.strip():
        raise ValueError("is not the address of a PostgreSQL; write it like postgresql://user:password@host:5432/name")
    return None


_ALGORITHMS = frozenset(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?")


def _listed(said: str | None) -> list[str]:
    return [one.strip() for one in (said or "").split(",") if one.strip()]


def _origins(said: str | None) -> str | None:
    for one in _listed(said):
        if not _ORIGIN.fullmatch(one):
            raise ValueError(
                f"'{one}' is no origin; write it like https://goals.example.org, in lower case, without a path"
            )
    return said


def _algorithms(said: str) -> str:
    for one in _listed(said):
        if one not in _ALGORITHMS:
            raise ValueError(f"'{one}' is none of {', '.join(sorted(_ALGORITHMS))}")
    return said


def _jwks(said: str | None, info: ValidationInfo) -> str | None:
    """Raises `ValueError` unless issuer, audience and keys are named together, and the keys come by a safe way."""
    if {info.data.get("jwt_issuer") is None, info.data.get("jwt_audience") is None, said is None} == {True, False}:
        raise ValueError("is named together with KEYFRAME_JWT_ISSUER and KEYFRAME_JWT_AUDIENCE, or none of the three")
    scheme, colon, rest = (said or "").partition("://")
    host = urlsplit(f"//{rest}").hostname
    if colon and not (scheme == "https" or (scheme == "http" and host in {"localhost", "127.0.0.1", "::1"})):
        raise ValueError("is an https address or a file; http is taken from loopback alone")
    return said


class Settings(BaseSettings):
    """Read from the environment: `KEYFRAME_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="KEYFRAME_", frozen=True)

    database_url: Annotated[SecretStr | None, BeforeValidator(_dsn)] = Field(
        default=None,
        description="A PostgreSQL (15 or newer) to use, as postgresql://…; several hosts may be named. "
        "Without it Keyframe runs a PostgreSQL of its own.",
    )
    data_dir: Path = Field(
        default=Path(".keyframe"),
        description="Where Keyframe's own PostgreSQL keeps its data, if no database is named.",
    )
    workspace: Annotated[str, AfterValidator(workspace_name)] = Field(
        default="keyframe",
        description="The schema that holds the log; every workspace is a world of its own. "
        "Lower-case letters, digits and '_'.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    host_names: str | None = Field(
        default=None,
        description="The names, separated by commas, by which clients reach Keyframe beside `host`, localhost and "
        "plain addresses; a request by another name is refused.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes any free one.")
    cors_origins: Annotated[str | None, AfterValidator(_origins)] = Field(
        default=None,
        description="The sites, separated by commas, whose pages may ask from a browser, each as its exact origin, "
        "like https://goals.example.org.",
    )
    jwt_issuer: str | None = Field(
        default=None, description="Who issues JWTs: the `iss` that they have to have. Without it none is taken."
    )
    jwt_audience: str | None = Field(
        default=None,
        description="Whom JWTs have to be meant for: the `aud`, or one of several, that they have to have.",
    )
    jwt_jwks: Annotated[str | None, AfterValidator(_jwks)] = Field(
        default=None,
        validate_default=True,
        description="Where the issuer's public keys are, as a JSON Web Key Set: an https address, or a file. "
        "http is taken from loopback alone.",
    )
    jwt_algorithms: Annotated[str, AfterValidator(_algorithms)] = Field(
        default="RS256,ES256,EdDSA",
        description="The algorithms, separated by commas, that JWTs may be signed by. `none` and those with a shared "
        "secret (HS…) are never taken.",
    )
    jwt_leeway_s: float = Field(
        default=30, ge=0, le=300, description="How far the issuer's clock may be off, in seconds."
    )
    jwt_roles_claim: str = Field(
        default="roles",
        min_length=1,
        description="The claim that says the roles, as a list or separated by spaces; it may be a path like "
        "realm_access.roles. Names that are no role of ours are passed over; who has none of ours is not let in.",
    )
    jwt_handle_claim: str = Field(
        default="sub",
        min_length=1,
        description="The claim that names the person by handle. Choose one that people cannot change themselves.",
    )
    jwt_machines: str | None = Field(
        default=None,
        description="The names, separated by commas, that are let in as machines although they are no person's handle; "
        "`*` is whatever the issuer says. They stay in the log in clear for ever, so they should be nobody's name.",
    )
    requests_per_s: float = Field(
        default=100, gt=0, description="How many requests each caller may make a second on the long run."
    )
    requests_burst: int = Field(default=200, ge=1, description="How many requests each caller may make at once.")
    pool_size_max: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="How many connections a process opens for requests, at most; and as many again for those from whom "
        "something is hidden.",
    )
    statement_timeout_s: float = Field(
        default=30, gt=0, description="How long a statement may take, in seconds, before it is given up."
    )
    lock_timeout_s: float = Field(
        default=10, gt=0, description="How long a command waits for its turn to write, in seconds."
    )
    connect_timeout_s: int = Field(
        default=10, ge=1, description="How long a connection to the database may take to be made, in seconds."
    )
    reconnect_timeout_s: float = Field(
        default=30,
        gt=0,
        description="How long a command that lost its connection waits for the database to come back and say "
        "whether it was recorded, in seconds.",
    )
    view_timeout_s: float = Field(
        default=10, gt=0, description="How long a mutation waits until what it recorded can be read, in seconds."
    )
    answer_timeout_s: float = Field(
        default=60, gt=0, description="How long a query may read, in seconds, before it is given up."
    )
    journal: LogFormat = Field(
        default=LogFormat.AUTO,
        description="How the journal is written to the standard error: as `json`, as `text` for a person, or `auto`: "
        "as text at a terminal only.",
    )
    http_statuses: StatusCodePolicy = Field(
        default=StatusCodePolicy.USUAL,
        description="`usual`, as clients and audits know them, or `draft`: those of the newest draft of GraphQL over "
        "HTTP, with 422 for what makes no sense and 294 for what failed in part.",
    )
    immutable_s: float = Field(
        default=3600,
        ge=0,
        description="How long a client may keep an answer about moments that are over before it asks again, in "
        "seconds: so long may what was hidden or erased since be seen in a cache. 0 for not at all.",
    )
    request_timeout_s: float = Field(
        default=15,
        gt=0,
        description="How long the head of a request may take to come, and its body until it has to come at 10 kB a "
        "second, in seconds.",
    )
    batch_max: int = Field(
        default=1,
        ge=1,
        le=5,
        description="How many requests may come in one array, up to 5, with one bound on what they cost; 1 for none.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="A manifest of documents that clients name instead of sending them: a JSON object of SHA-256 "
        "digests and documents, as Relay's compiler writes it, or Apollo's format.",
    )
    trusted_only: bool = Field(
        default=False, description="Whether only documents of KEYFRAME_TRUSTED_DOCUMENTS are answered."
    )
    subscriptions_max: int = Field(
        default=5000, ge=1, description="How many subscriptions a process serves at once; further ones are refused."
    )
    connection_operations_max: int = Field(
        default=100, ge=1, description="How many operations may go on at once on one WebSocket."
    )
    connection_init_timeout_s: float = Field(
        default=10,
        gt=0,
        description="How long a WebSocket may stay open without saying `connection_init`, in seconds, before it is "
        "closed with 4408.",
    )
    message_bytes_max: int = Field(
        default=1_048_576,
        ge=1024,
        description="How long a message of a client over WebSocket may be, in bytes; a longer one closes it with 1009.",
    )
    keep_alive_s: float = Field(
        default=12,
        gt=0,
        description="How often a subscription shows that it is alive, in seconds: a ping over WebSocket, a comment "
        "among events, an empty part in multipart.",
    )
    reader_timeout_s: float = Field(
        default=30,
        gt=0,
        description="How long a subscriber may leave what is sent to it, in seconds, before it is cut off.",
    )
    project_in_server: bool = Field(
        default=True,
        description="Whether `keyframe serve` feeds the views itself; if not, `keyframe project` has to run beside it.",
    )
    projector_batch: int = Field(
        default=1000, ge=1, le=100_000, description="How many events the views take in at once, at most."
    )
    checkpoint_key: Path | None = Field(
        default=None,
        description="The file with the key that signs checkpoints, which `keyframe key create` makes. If unset, it is "
        "looked for in KEYFRAME_DATA_DIR, as WORKSPACE.key, and made there if Keyframe runs its own PostgreSQL.",
    )
    checkpoint_events_max: int = Field(
        default=1000, ge=1, description="After how many new events the next checkpoint is signed."
    )
    checkpoint_interval_s: float = Field(
        default=300,
        gt=0,
        description="After how many seconds the next checkpoint is signed, if there is anything new.",
    )

    def listed(self, name: str) -> list[str]:
        """The parts of a setting that are separated by commas."""
        return _listed(getattr(self, name))
