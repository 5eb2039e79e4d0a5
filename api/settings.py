"""How an installation differs from another: every setting, its meaning, and what it is if nobody says."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.log_schema import workspace_name


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
    closed_network: bool = Field(
        default=False,
        description="Whether nobody but whom you trust can reach `host`: in a container whose port is published "
        "on 127.0.0.1, say. Until there is access control, addresses beyond loopback are refused without it.",
    )
    host_names: str | None = Field(
        default=None,
        description="The names, separated by commas, by which clients reach Keyframe beside `host`, localhost and "
        "plain addresses; a request by another name is refused.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes any free one.")
    pool_size_max: int = Field(
        default=20, ge=2, le=1000, description="How many connections a process opens for requests, at most."
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
