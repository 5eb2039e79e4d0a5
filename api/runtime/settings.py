"""The settings of an installation: names, descriptions, defaults and validation."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.asgi.status_codes import StatusCodePolicy
from api.runtime import issuer_settings
from api.runtime.connection_settings import beside_database, beside_standbys, dsn
from api.runtime.log_setup import LogFormat
from domain.commands.permissions import Role
from domain.log.schema import workspace_name

_ALGORITHMS = frozenset(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?")


def _listed(value: str | None) -> list[str]:
    return [item.strip() for item in (value or "").split(",") if item.strip()]


def _origins(value: str | None) -> str | None:
    for origin in _listed(value):
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"'{origin}' is not an origin; write it like https://goals.example.org, in lower case, without a path"
            )
    return value


def _algorithms(value: str) -> str:
    for algorithm in _listed(value):
        if algorithm not in _ALGORITHMS:
            raise ValueError(f"'{algorithm}' is not supported; use {', '.join(sorted(_ALGORITHMS))}")
    return value


class Settings(BaseSettings):
    """Read from environment variables: `KEYFRAME_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="KEYFRAME_", frozen=True)

    database_url: Annotated[SecretStr | None, BeforeValidator(dsn)] = Field(
        default=None,
        description="The PostgreSQL server (15 or newer) to use, as postgresql://…; several hosts may be listed. If "
        "unset, Keyframe runs its embedded PostgreSQL.",
    )
    read_url: Annotated[SecretStr | None, BeforeValidator(dsn), AfterValidator(beside_database)] = Field(
        default=None,
        description="Hot standbys of that server that answer queries, as postgresql://…; several hosts may be listed, "
        "and each is used by itself. If unset, the server of KEYFRAME_DATABASE_URL answers all.",
    )
    direct_url: Annotated[SecretStr | None, BeforeValidator(dsn), AfterValidator(beside_database)] = Field(
        default=None,
        description="The server of KEYFRAME_DATABASE_URL without the connection pooler in between, for what needs a "
        "session: commands, notifications, locks and the projector. Set it if that pooler shares connections between "
        "transactions, such as PgBouncer with pool_mode = transaction.",
    )
    read_lag_s: Annotated[float | None, Field(gt=0), AfterValidator(beside_standbys)] = Field(
        default=None,
        description="For how long a standby of KEYFRAME_READ_URL may lack an event that the projections of the primary "
        "contain before it answers no queries until it has it, in seconds. If unset, 10.",
    )
    token_memory_s: Annotated[float | None, Field(ge=0), AfterValidator(beside_standbys)] = Field(
        default=None,
        description="With KEYFRAME_READ_URL: for how long after its last check a token is accepted while the primary "
        "cannot check it, in seconds; meanwhile it may have been revoked. 0 accepts none. If unset, 300.",
    )
    data_dir: Path = Field(
        default=Path(".keyframe"),
        description="The data directory of the embedded PostgreSQL. Used only without KEYFRAME_DATABASE_URL.",
    )
    workspace: Annotated[str, AfterValidator(workspace_name)] = Field(
        default="keyframe",
        description="The database schema that holds the log. Workspaces are independent of each other. Lower-case "
        "letters, digits and '_'.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    host_names: str | None = Field(
        default=None,
        description="Host names, separated by commas, that clients may use besides `host`, localhost and IP "
        "addresses. Requests with any other Host header are rejected.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes any free one.")
    cors_origins: Annotated[str | None, AfterValidator(_origins)] = Field(
        default=None,
        description="Origins, separated by commas, whose pages may call the API from a browser (CORS), each exact, "
        "like https://goals.example.org.",
    )
    jwt_issuer: str | None = Field(
        default=None, description="The required `iss` claim of JWTs. If unset, JWTs are not accepted."
    )
    jwt_audience: str | None = Field(
        default=None,
        description="The required audience of JWTs: their `aud` claim must be this value or contain it.",
    )
    jwt_jwks: Annotated[str | None, AfterValidator(issuer_settings.jwks)] = Field(
        default=None,
        validate_default=True,
        description="The issuer's public keys, as a JSON Web Key Set: an https URL or a file. http is accepted from "
        "loopback only.",
    )
    jwt_algorithms: Annotated[str, AfterValidator(_algorithms)] = Field(
        default="RS256,ES256,EdDSA",
        description="The accepted signature algorithms of JWTs, separated by commas. `none` and algorithms with a "
        "shared secret (HS…) are never accepted.",
    )
    jwt_leeway_s: float = Field(
        default=30, ge=0, le=300, description="The tolerated difference to the issuer's clock, in seconds."
    )
    jwt_roles_claim: str = Field(
        default="roles",
        min_length=1,
        description="The claim with the roles, as a list or separated by spaces; a path like realm_access.roles is "
        "allowed. Unknown role names are ignored; a JWT without any known role is rejected.",
    )
    jwt_handle_claim: str = Field(
        default="sub",
        min_length=1,
        description="The claim with the person's handle. Choose a claim that users cannot change themselves.",
    )
    jwt_machines: str | None = Field(
        default=None,
        description="Names, separated by commas, that are accepted as machines although no person has this handle; "
        "`*` accepts every name from the issuer. Names of machines stay in the log in clear text for ever, so they "
        "must not identify people.",
    )
    oidc_issuer: Annotated[str | None, AfterValidator(issuer_settings.issuer)] = Field(
        default=None,
        description="The OpenID Connect issuer by which people sign in to the console, as its URL, https or of "
        "loopback. If unset, they sign in with a token.",
    )
    oidc_client_id: Annotated[str | None, AfterValidator(issuer_settings.client_id)] = Field(
        default=None, validate_default=True, description="The id of the client that Keyframe is at the issuer."
    )
    oidc_client_secret: Annotated[SecretStr | None, AfterValidator(issuer_settings.client_secret)] = Field(
        default=None,
        description="The secret of this client, of at least 16 characters.",
    )
    oidc_client_secret_file: Annotated[Path | None, AfterValidator(issuer_settings.client_secret_file)] = Field(
        default=None,
        validate_default=True,
        description="A file with the secret of this client, in place of KEYFRAME_OIDC_CLIENT_SECRET.",
    )
    oidc_scopes: Annotated[str, AfterValidator(issuer_settings.scopes)] = Field(
        default="openid profile email",
        description="The scopes that are requested of the issuer, separated by spaces: `openid`, and those that its "
        "claims need.",
    )
    oidc_handle_claim: str = Field(
        default="preferred_username",
        min_length=1,
        description="The claim of the ID token with the person's handle. Choose a claim that users "
        "cannot change themselves.",
    )
    oidc_domains: str | None = Field(
        default=None,
        description="Domains, separated by commas, whose mail addresses in that claim name the person whose handle is "
        "the part before the `@`, in lower case. An address of another domain identifies no person.",
    )
    oidc_role: Role | None = Field(
        default=None,
        description="The role of people whose ID token has no claim KEYFRAME_JWT_ROLES_CLAIM, as with issuers that "
        "have no roles. If unset, they cannot sign in.",
    )
    oidc_session_s: Annotated[float | None, Field(gt=0, le=43_200)] = Field(
        default=None,
        description="How long a session lasts after a sign-in by the issuer, in seconds, 12 hours at most. If unset, "
        "until the ID token expires, which with some issuers is after minutes.",
    )
    contact: str | None = Field(
        default=None,
        max_length=200,
        description="Whom people ask for access, as the sign-in page shows it: a name, a mail address or a channel.",
    )
    requests_per_s: float = Field(
        default=100, gt=0, description="The sustained request rate per caller, in requests per second."
    )
    requests_burst: int = Field(
        default=200,
        ge=1,
        description="The number of requests that a caller may send at once before the rate limit applies.",
    )
    cost_max: int = Field(
        default=10_000,
        ge=1,
        description="The maximum cost of the operations of one request, in units of about 1 ms of work, estimated "
        "before execution.",
    )
    caller_operations_max: int = Field(
        default=4,
        ge=1,
        description="The number of operations that one caller may have in progress in each lane: cheap reads, and "
        "writes. More of them wait in a fair queue.",
    )
    heavy_operations_max: int = Field(
        default=2,
        ge=1,
        description="The number of heavy operations that a process computes at the same time, reports and pages of "
        "exports included; one caller has all but one of them at most. Beside them two more wait for PostgreSQL.",
    )
    caller_queue_max: int = Field(
        default=200,
        ge=1,
        description="The number of operations of one caller that may wait in each lane; more are rejected with "
        "`QUEUE_FULL`.",
    )
    queue_max: int = Field(
        default=1000,
        ge=1,
        description="The number of operations of all callers that may wait in each lane; more are rejected with "
        "`QUEUE_FULL`.",
    )
    pool_size_max: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="The maximum number of database connections of a process for requests. Callers with restricted "
        "visibility use a second pool of the same size.",
    )
    statement_timeout_s: float = Field(
        default=30, gt=0, description="The maximum duration of an SQL statement, in seconds."
    )
    lock_timeout_s: float = Field(
        default=10, gt=0, description="How long a command waits for the write lock, in seconds."
    )
    commit_timeout_s: float = Field(
        default=15,
        gt=0,
        description="How long the database may take to record a command, in seconds, with the waits for the write lock "
        "and for a synchronous standby. After that the answer is `UNAVAILABLE` if nothing was recorded, or "
        "`OUTCOME_UNKNOWN` if the standby has not confirmed the command.",
    )
    connect_timeout_s: int = Field(
        default=10, ge=1, description="How long connecting to the database may take, in seconds."
    )
    reconnect_timeout_s: float = Field(
        default=30,
        gt=0,
        description="How long a command waits, after it lost its connection, to reconnect and find out whether it "
        "was recorded, in seconds.",
    )
    view_timeout_s: float = Field(
        default=10, gt=0, description="How long a mutation waits until the projections contain its events, in seconds."
    )
    write_lag_max: int = Field(
        default=10_000,
        ge=0,
        description="The number of events by which the projections may be behind the log before commands are rejected, "
        "as when they cannot apply an event. Reads go on. 0 accepts commands at any lag.",
    )
    ready_timeout_s: float = Field(
        default=2,
        gt=0,
        description="How long a check of readiness waits for the database to answer, and then to commit, in seconds.",
    )
    drain_s: float = Field(
        default=0,
        ge=0,
        le=600,
        description="How long a server that is asked to stop goes on while `/readyz` answers 503, in seconds, so that "
        "a load balancer stops sending requests to it. Then it accepts no more of them.",
    )
    ready_lag_max: int = Field(
        default=10_000,
        ge=0,
        description="The number of events by which the projections may be behind the log in a ready process.",
    )
    ready_lag_s: float = Field(
        default=60,
        gt=0,
        description="For how long the projections may lack an event of the log in a ready process, in seconds.",
    )
    answer_timeout_s: float = Field(
        default=60,
        gt=0,
        description="The maximum time to compute an answer, in seconds: of a query, of a report, or of a page of an "
        "export. Time in the queue counts.",
    )
    file_timeout_s: float = Field(
        default=3600, gt=0, description="The maximum duration of an export over HTTP, in seconds."
    )
    journal: LogFormat = Field(
        default=LogFormat.AUTO,
        description="The format of log lines on standard error: `json`, `text`, or `auto`, which is `text` at a "
        "terminal and `json` elsewhere.",
    )
    http_statuses: StatusCodePolicy = Field(
        default=StatusCodePolicy.USUAL,
        description="`usual` uses the widely supported HTTP statuses; `draft` those of the latest GraphQL over HTTP "
        "draft, with 422 for requests that fail validation and 294 for partial results.",
    )
    immutable_s: float = Field(
        default=3600,
        ge=0,
        description="How long clients may cache answers about the past, in seconds. Data that is hidden or erased "
        "meanwhile stays in their caches for that long. 0 disables caching.",
    )
    kept_answers_bytes_max: int = Field(
        default=64 * 1024 * 1024,
        ge=0,
        description="The total size of the answers that a process keeps in memory, in bytes: a half of it for those "
        "about the present, which an equal query gets until something is recorded, and for a minute at most; a half "
        "for those about the past. 0 keeps none.",
    )
    request_timeout_s: float = Field(
        default=15,
        gt=0,
        description="How long the headers of a request may take to arrive, in seconds, and its body before it must "
        "arrive at 10 kB per second.",
    )
    batch_max: int = Field(
        default=1,
        ge=1,
        le=5,
        description="The maximum number of requests in a batch (one JSON array), up to 5; they share one cost "
        "limit. 1 disables batches.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="A manifest of persisted documents, which clients send by digest: a JSON object from SHA-256 "
        "digests to documents, as Relay's compiler writes it, or Apollo's format.",
    )
    trusted_only: bool = Field(
        default=False, description="Whether only documents in KEYFRAME_TRUSTED_DOCUMENTS are executed."
    )
    subscriptions_max: int = Field(
        default=5000,
        ge=1,
        description="The maximum number of concurrent subscriptions of a process; more are rejected.",
    )
    websockets_max: int = Field(
        default=10_000,
        ge=1,
        description="The maximum number of open WebSockets of a process; more are rejected with 503.",
    )
    websockets_silent_max: int = Field(
        default=500,
        ge=1,
        description="The maximum number of open WebSockets of a process without an accepted `connection_init`, a "
        "quarter of them from one address; more are rejected with 503.",
    )
    connection_operations_max: int = Field(
        default=100, ge=1, description="The maximum number of concurrent operations on one WebSocket."
    )
    connection_init_timeout_s: float = Field(
        default=10,
        gt=0,
        description="How long the server waits for `connection_init` on a new WebSocket, in seconds, before it "
        "closes it with 4408.",
    )
    message_bytes_max: int = Field(
        default=1_048_576,
        ge=1024,
        description="The maximum size of a WebSocket message from a client, in bytes; a larger message closes the "
        "WebSocket with 1009.",
    )
    keep_alive_s: float = Field(
        default=12,
        gt=0,
        description="The interval between keep-alive signals of a subscription, in seconds: a ping over WebSocket, "
        "a comment over server-sent events, an empty part in multipart.",
    )
    reader_timeout_s: float = Field(
        default=30,
        gt=0,
        description="How long a subscriber may take to read what was sent, in seconds, before it is disconnected.",
    )
    project_in_server: bool = Field(
        default=True,
        description="Whether `keyframe serve` runs the projector itself; if not, `keyframe project` must run beside "
        "it.",
    )
    projector_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="The port on which `keyframe project` serves `/healthz`, `/readyz` and `/metrics`; 0 takes any "
        "free one. If unset, it listens on no port.",
    )
    projector_batch: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="The maximum number of events that the projector applies in one transaction.",
    )
    checkpoint_key: Path | None = Field(
        default=None,
        description="The file with the key that signs checkpoints, which `keyframe key create` makes. If unset, it "
        "is WORKSPACE.key in KEYFRAME_DATA_DIR; with the embedded PostgreSQL it is created on first use.",
    )
    checkpoint_events_max: int = Field(
        default=1000, ge=1, description="The number of new events after which the next checkpoint is signed."
    )
    checkpoint_interval_s: float = Field(
        default=5,
        gt=0,
        description="The interval between checkpoints, in seconds; none is signed if no event was recorded since. It "
        "bounds how long a recorded event could be rewritten unnoticed.",
    )
    checkpoint_thin_after_days: int | None = Field(
        default=None,
        ge=1,
        description="After how many days checkpoints are thinned: the last one of each day (in UTC) stays, and that of "
        "each cycle's closing. The numbers of the removed ones are signed. If unset, all are kept.",
    )
    views_check_pause_s: float = Field(
        default=1,
        ge=0,
        description="The pause between two steps of the running check of the projections, in seconds; a step checks "
        "1,024 positions in every table. 0 turns the check off.",
    )

    def listed(self, name: str) -> list[str]:
        """The items of a comma-separated setting."""
        return _listed(getattr(self, name))
