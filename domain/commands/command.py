"""The base class of commands: the shared fields, and the metadata that every command must define."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.commands.permissions import Needs
from domain.model.event import Event
from domain.primitives import parsers
from domain.primitives.checks import reference_checks
from domain.primitives.documentation import description, doc, field_descriptions
from domain.primitives.errors import CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind


def _id(kind: Kind, text: str) -> Any:
    return Meta(description=text, extra={"kind": kind})


def id_kind(annotation: Any) -> Kind | None:
    """The kind of aggregate whose id this annotation takes; None if it is not the id of a single kind."""
    metas = getattr(annotation, "__metadata__", ())
    return next((meta.extra["kind"] for meta in metas if isinstance(meta, Meta) and meta.extra), None)


class Parsed(NamedTuple):
    """Marks a field, within its annotation, with its parser: a function of value and path that returns the stored form
    and raises `INVALID`. `domain.commands.parsing` applies it."""

    form: Callable[..., Any]


PersonId: TypeAlias = Annotated[UUID, _id(Kind.PERSON, "The id of the person.")]
OwnerId: TypeAlias = Annotated[PersonId, doc("The person responsible for it.")]
TemplateId: TypeAlias = Annotated[UUID, _id(Kind.TEMPLATE, "The id of the template.")]
TeamId: TypeAlias = Annotated[UUID, _id(Kind.TEAM, "The id of the team.")]
ObjectiveId: TypeAlias = Annotated[UUID, _id(Kind.OBJECTIVE, "The id of the objective.")]
KeyResultId: TypeAlias = Annotated[UUID, _id(Kind.KEY_RESULT, "The id of the key result.")]
CheckInId: TypeAlias = Annotated[UUID, _id(Kind.CHECK_IN, "The check-in, by the id of any version of it.")]
ReadingId: TypeAlias = Annotated[UUID, _id(Kind.READING, "The reading, by the id of any version of it.")]
InitiativeId: TypeAlias = Annotated[UUID, _id(Kind.INITIATIVE, "The id of the initiative.")]

Key: TypeAlias = Annotated[
    str,
    doc("A short name for URLs, unique and never reused: lower-case letters, digits, `-`, `_`, `.`."),
    Parsed(parsers.key),
]
Title: TypeAlias = Annotated[str, doc("One line of 1 to 300 characters."), Parsed(parsers.title)]
Markdown: TypeAlias = Annotated[
    str, doc("A longer description, up to 20,000 characters of Markdown."), Parsed(parsers.prose)
]
Email: TypeAlias = Annotated[str, doc("An email address."), Parsed(parsers.email)]
Share: TypeAlias = Annotated[float, doc("A share from 0 to 1."), Parsed(parsers.share)]
Weight: TypeAlias = Annotated[float, doc("A weight above 0."), Parsed(parsers.weight)]


class External(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counterpart of a thing in another system, which no other thing has."""

    system: Annotated[str, doc("The key of the other system, like jira.")]
    id: Annotated[str, doc("The id of the counterpart in the other system.")]

    @property
    def stored(self) -> "External | None":
        """The same in its stored form; None for names that no reference can have."""
        try:
            return External(parsers.key(self.system), parsers.title(self.id))
        except CommandRejected:
            return None


class ExternalReferenceInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counterpart of a new thing in another system, which no other thing has."""

    system: Annotated[Key, doc("The key of the other system, like jira: lower-case letters, digits, `-`, `_`, `.`.")]
    id: Annotated[Title, doc("The id of the counterpart in the other system, one line of 1 to 300 characters.")]
    url: Annotated[
        Annotated[str, Parsed(reference_checks.url)] | None, doc("The address of the counterpart, with http or https.")
    ] = None


# UNSET, so the digests of commands recorded before this field existed stay valid
NewExternal: TypeAlias = Annotated[
    ExternalReferenceInput | UnsetType,
    doc(
        "Its counterpart in another system, set by the same command: as `setExternalReference` does, `DUPLICATE` if "
        "another thing has it."
    ),
]


class By(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lookup by id, by key or by external reference: exactly one of them."""

    KIND: ClassVar[Kind]

    id: UUID | None = None
    key: str | None = None
    external: External | UnsetType = UNSET
    """Left out of the encoded command where it is not given: the digest of a command of an earlier version stays."""


def exactly_one(by: By, *field: str) -> By:
    """The lookup, if it has exactly one of its fields. Raises `INVALID`."""
    if (by.id is None) + (by.key is None) + (by.external is UNSET) != len(by.__struct_fields__) - 1:
        message = "Give an id, a key or an external reference: exactly one of them."
        raise invalid(message, *field, rule=Rule.ID_OR_KEY_NEEDED)
    return by


class CycleBy(By, frozen=True):
    """The cycle, by id, key or external reference."""

    KIND = Kind.CYCLE


class KpiBy(By, frozen=True):
    """The KPI, by id, key or external reference."""

    KIND = Kind.KPI


class Items(NamedTuple):
    """The items of a batch: the field that has them, and the command that each of them is."""

    field: str
    of: "type[Command]"


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A command: a frozen struct with its own metadata. The API, imports and tests all use it.

    JSON names are camelCase. An omitted field (`UNSET`) keeps its value; null clears it. The schema publishes the
    docstring of a command and the descriptions of its fields.
    """

    NEEDS: ClassVar[Needs]
    """The required permission, and the field with the command's subject."""
    ANSWERS: ClassVar[Kind | None]
    """The kind of aggregate that it returns; the API has one payload type per kind. None for a command on things of
    several kinds, which returns the thing."""
    RECORDS: ClassVar[type[Event]]
    """The event by which an export recognizes the command; of several kinds one."""
    REASON_REQUIRED: ClassVar[bool] = False
    ANSWERS_MANY: ClassVar[bool] = False
    """Whether it returns several of that kind."""
    ITEMS: ClassVar[Items | None] = None
    """For a batch: its items, which are commands of their own. It then needs what each of them needs."""
    DESCRIPTIONS: ClassVar[Mapping[str, str]] = {}
    """Descriptions that replace those of inherited fields, by field name."""

    effective_at: Annotated[
        datetime | None,
        doc(
            "The effective time; by default the time of recording. It must not be in the future (60 s are tolerated) "
            "nor before the last change of the same object."
        ),
    ] = None
    reason: Annotated[Markdown | None, doc("The reason, as free text. It is recorded permanently with the change.")] = (
        None
    )
    expected_version: Annotated[
        int | None,
        doc(
            "The `version` of the object you change, as you last read it. If it has changed since, the command is "
            "rejected with `STALE` and the changes since."
        ),
    ] = None
    idempotency_key: Annotated[
        str | None,
        doc(
            "A key that you choose for this command, 1 to 200 characters. A repeated request with the same key is not "
            "executed again and returns the first result."
        ),
    ] = None

    def check(self, faults: Faults) -> None:
        """Keep the faults of fields that contradict each other, when each is in its stored form."""

    def __init_subclass__(cls) -> None:
        """Raises `TypeError` for incomplete metadata, at import."""
        if missing := "; ".join(_missing(cls)):
            raise TypeError(f"The command {cls.__name__} is incomplete: {missing}.")


def verb(command: type[Command]) -> str:
    """The name of the command in the API and in fact files: `checkIn` for `CheckIn`."""
    return command.__name__[0].lower() + command.__name__[1:]


def reason_needed(because: str) -> CommandRejected:
    return invalid(f"{because}: give a `reason`.", "reason", rule=Rule.REASON_NEEDED)


_ENTRY: Mapping[str, str] = {
    "NEEDS": "the required permission, from domain.commands.permissions",
    "ANSWERS": "the Kind of aggregate that it returns",
    "RECORDS": "the event by which an export recognizes it",
}
_OWNING_FIELDS = frozenset({"owner", "contributors", "team"})


def _missing(command: type[Command]) -> Iterator[str]:
    """The missing metadata of a command, each as an instruction."""
    if not description(command):
        yield "write a docstring, its description in the schema"
    yield from (f"set {name} to {what}" for name, what in _ENTRY.items() if not hasattr(command, name))
    descriptions = field_descriptions(command)
    yield from (
        f'describe the field {name} with Annotated[..., doc("...")]' for name, text in descriptions.items() if not text
    )
    if command.ITEMS is None and isinstance(needs := getattr(command, "NEEDS", None), Needs):
        yield from _missing_subject(needs, descriptions.keys())


def _missing_subject(needs: Needs, fields: Collection[str]) -> Iterator[str]:
    """The missing metadata for the check whether the author owns the subject."""
    if needs.of is not None and needs.of not in fields:
        yield f"name an existing field in NEEDS, not {needs.of}"
    if needs.of is None and needs.own is not None and not _OWNING_FIELDS.issubset(fields):
        yield "name in NEEDS the field with its subject, or give it the fields owner, contributors and team"
