"""The base of every command: the fields that all commands share, and what the entry of a command must hold."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.commands.permissions import Needs
from domain.model.event import Event
from domain.primitives.documentation import description, doc, field_descriptions
from domain.primitives.values import Kind


def _id(kind: Kind, text: str) -> Any:
    return Meta(description=text, extra={"kind": kind})


def id_kind(annotation: Any) -> Kind | None:
    """The kind of the thing whose id this annotation takes; None if it takes no id of one kind."""
    metas = getattr(annotation, "__metadata__", ())
    return next((meta.extra["kind"] for meta in metas if isinstance(meta, Meta) and meta.extra), None)


PersonId: TypeAlias = Annotated[UUID, _id(Kind.PERSON, "The person.")]
OwnerId: TypeAlias = Annotated[PersonId, doc("The person who answers for it.")]
TeamId: TypeAlias = Annotated[UUID, _id(Kind.TEAM, "The team.")]
ObjectiveId: TypeAlias = Annotated[UUID, _id(Kind.OBJECTIVE, "The objective.")]
KeyResultId: TypeAlias = Annotated[UUID, _id(Kind.KEY_RESULT, "The key result.")]
CheckInId: TypeAlias = Annotated[UUID, _id(Kind.CHECK_IN, "The check-in, by the id of any version of it.")]
ReadingId: TypeAlias = Annotated[UUID, _id(Kind.READING, "The reading, by the id of any version of it.")]
InitiativeId: TypeAlias = Annotated[UUID, _id(Kind.INITIATIVE, "The initiative.")]

Key: TypeAlias = Annotated[
    str, doc("A short name for addresses, unique for ever: lower-case letters, digits, `-`, `_`, `.`.")
]
Title: TypeAlias = Annotated[str, doc("One line of 1 to 300 characters.")]
Markdown: TypeAlias = Annotated[str, doc("More about it, up to 20,000 characters of Markdown.")]


class By(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lookup by id or by key: exactly one of the two."""

    KIND: ClassVar[Kind]

    id: UUID | None = None
    key: str | None = None


class CycleBy(By, frozen=True):
    """The cycle, by id or key."""

    KIND = Kind.CYCLE


class KpiBy(By, frozen=True):
    """The KPI, by id or key."""

    KIND = Kind.KPI


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A command: a frozen struct that is its own registry entry. The API, an import and a test all use this shape.

    In JSON the names are camelCase. A field that is left out (`UNSET`) stays as it is; null clears it. The docstring
    of a command and the descriptions of its fields are its documentation in the schema.
    """

    NEEDS: ClassVar[Needs]
    """The permission that it requires, and the field that names its subject."""
    ANSWERS: ClassVar[Kind]
    """The kind of the thing that it answers with; the API has one payload type for each."""
    RECORDS: ClassVar[type[Event]]
    """The event by which an export recognizes it."""
    REASON_REQUIRED: ClassVar[bool] = False
    DESCRIPTIONS: ClassVar[Mapping[str, str]] = {}
    """Descriptions that replace those of inherited fields, by field name."""

    effective_at: Annotated[
        datetime | None,
        doc(
            "Since when this is true; by default from the moment it is recorded. Never in the future (60 s are "
            "forgiven), never before the last change of the same thing."
        ),
    ] = None
    reason: Annotated[str | None, doc("Why, in your words; it stands beside the change for ever.")] = None
    expected_version: Annotated[
        int | None,
        doc(
            "The `version` you saw of what you change: if it has moved on, the command is refused (`STALE`) and told "
            "what changed since."
        ),
    ] = None
    idempotency_key: Annotated[
        str | None,
        doc(
            "A name of yours for this command, 1 to 200 characters: asked again with the same key, it is not carried "
            "out again and answers as it did the first time."
        ),
    ] = None

    def __init_subclass__(cls) -> None:
        """Raises `TypeError` for an incomplete entry, at import."""
        if missing := "; ".join(_missing(cls)):
            raise TypeError(f"The entry of the command {cls.__name__} is incomplete: {missing}.")


def verb(command: type[Command]) -> str:
    """The name of the command in the API and in fact files: `CheckIn` is `checkIn`."""
    return command.__name__[0].lower() + command.__name__[1:]


_ENTRY: Mapping[str, str] = {
    "NEEDS": "the permission that it requires, from domain.commands.permissions",
    "ANSWERS": "the Kind of the thing that it answers with",
    "RECORDS": "the event by which an export recognizes it",
}
_OWNING_FIELDS = frozenset({"owner", "contributors", "team"})


def _missing(command: type[Command]) -> Iterator[str]:
    """What a command's entry lacks, as what to write."""
    if not description(command):
        yield "write a docstring, its description in the schema"
    yield from (f"set {name} to {what}" for name, what in _ENTRY.items() if not hasattr(command, name))
    descriptions = field_descriptions(command)
    yield from (
        f'describe the field {name} with Annotated[..., doc("...")]' for name, text in descriptions.items() if not text
    )
    if isinstance(needs := getattr(command, "NEEDS", None), Needs):
        yield from _missing_subject(needs, descriptions.keys())


def _missing_subject(needs: Needs, fields: Collection[str]) -> Iterator[str]:
    """What a command lacks to tell whether its subject is the author's own."""
    if needs.of is not None and needs.of not in fields:
        yield f"name an existing field in NEEDS, not {needs.of}"
    if needs.of is None and needs.own is not None and not _OWNING_FIELDS.issubset(fields):
        yield "name in NEEDS the field with its subject, or give it the fields owner, contributors and team"
