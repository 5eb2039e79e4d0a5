"""What people wrote: reflections, reasons and notes, each with its author, as structs of the report's response."""

import re
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all parts of the response; the names are those of the schema."""


class Named(Shape, frozen=True):
    """A person or team by name; an erased person has none."""

    name: str | None


class Titled(Shape, frozen=True):
    """A goal, KPI or cycle by title; an entity of another kind has none."""

    title: str | None = None


class Actor(Shape, frozen=True):
    handle: str
    person: Named | None = None
    on_behalf_of: Named | None = None

    @property
    def name(self) -> str:
        """The name of the person on whose behalf an import acted, else of the person, else the handle."""
        person = self.on_behalf_of or self.person
        return (person.name if person is not None else None) or self.handle


class Page(Shape, Generic[T], frozen=True):
    """The first page of a connection."""

    total_count: int
    nodes: list[T]


class Subject(Titled, frozen=True):
    """What a reflection is on; only an objective has an id."""

    id: str | None = None


class Reflection(Shape, frozen=True):
    kind: str
    body: str
    by: Actor
    subject: Subject = Subject()


class ClosingReflection(Shape, frozen=True):
    body: str
    by: Actor
    objective: Subject


class Changed(Shape, frozen=True):
    """A change of the log: its type, its author, and what it is about."""

    type: str = msgspec.field(name="__typename")
    position: int
    effective_at: datetime
    actor: Actor
    subject: Titled | None

    @property
    def change(self) -> str:
        """The name of the change in words: KeyResultDropped is 'key result dropped'."""
        words = " ".join(re.findall("[A-Z][a-z]+", self.type)).lower()
        return words.replace("check in", "check-in").replace("kpi", "KPI")


class Reason(Changed, frozen=True):
    """A change and the reason that was given for it."""

    reason: str


class Identified(Shape, frozen=True):
    id: str


class Note(Shape, frozen=True):
    note: str
    measured_at: datetime
    by: Actor
    key_result: Identified
