"""Changes for other programs: as rows of a spreadsheet, one for each changed field, and as lines of JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from api.endpoints.csv_cells import moment, number, quoted, table
from api.schema.connections.change_lists import EventChange, with_events
from api.schema.history.change import backdated, changed_fields, subject
from api.schema.history.field_changes import text
from api.schema.primitives.scalars import write_date_time
from api.snapshot import global_ids
from api.snapshot.snapshot import Batch, View
from domain.model.event import Event, description
from domain.primitives.calendar import Calendar
from domain.primitives.personal_data import erased_handle
from domain.primitives.values import Kind, Ref
from projections.history.field_changes import Field, Label, Value, labels
from projections.tables import changes
from projections.tables.changes import Change

LABELS_MAX: Final = 50_000
"""The number of labels that an export keeps, some ten megabytes."""
DAY: Final = timedelta(days=1)
DELAY_DIGITS: Final = 4
"""Decimals of a delay in days: about ten seconds."""
NOTHING: Final[Mapping[str, str]] = {}
PERSON: Final = "person"
REACHED: Final = "reached"
"""The field of a check-in with the keys of milestones."""


class Exported(NamedTuple):
    """A change with its subject, None for the workspace itself; its changed fields; and whether it is backdated."""

    change: EventChange
    subject: Ref | None
    fields: Sequence[Field]
    backdated: bool

    @property
    def actor(self) -> UUID | None:
        """The person who caused it; None for a machine."""
        kind, _, name = self.change.by.actor.partition(":")
        return _person(name) if kind == PERSON else None

    @property
    def on_behalf_of(self) -> UUID | None:
        """The author that an import claims."""
        return self.change.by.on_behalf_of

    @property
    def head_references(self) -> Iterator[tuple[Kind, UUID]]:
        """The nodes that the change itself names: subject, cycle and people."""
        if self.subject is not None:
            yield self.subject.kind, self.subject.id
        named = ((Kind.CYCLE, self.change.change.cycle), (Kind.PERSON, self.actor), (Kind.PERSON, self.on_behalf_of))
        for kind, id in named:
            if id is not None:
                yield kind, id

    @property
    def references(self) -> Iterator[tuple[Kind, UUID]]:
        """These, the goals and the KPI that the change belongs to, and the nodes that its fields name."""
        of = self.change.change
        yield from self.head_references
        for kind, id in ((Kind.OBJECTIVE, of.objective), (Kind.KEY_RESULT, of.key_result), (Kind.KPI, of.kpi)):
            if id is not None:
                yield kind, id
        for field in self.fields:
            for value in (field.before, field.after):
                if isinstance(value, Ref):
                    yield value.kind, value.id


_person = lru_cache(LABELS_MAX)(UUID)
"""The id of a person who is an actor."""


def read(view: View, positions: Sequence[int]) -> list[Exported]:
    """The changes at these positions, as far as the view includes them, in log order."""
    rows = with_events(view, view.read(changes.at_positions, positions))
    batch = Batch(view, rows)
    parts = zip(rows, map(_subject, rows), changed_fields(batch), backdated(batch), strict=True)
    return list(map(Exported._make, parts))


def _subject(row: EventChange) -> Ref | None:
    ref = subject(row)
    return None if ref.kind in (Kind.POLICY, Kind.CALENDAR) else ref


# ── labels ───────────────────────────────────────────────────────────────────────────────────────


class Labels:
    """What people call the nodes of an export, all at one basis. It keeps the labels of earlier pages."""

    def __init__(self) -> None:
        self._known: dict[int, Label | None] = {}
        """By the number of the id, which is found faster than the id."""

    def load(self, view: View, refs: Iterable[tuple[Kind, UUID]]) -> None:
        """Read the labels of these nodes and of the teams that own them, one statement for each kind."""
        if len(self._known) > LABELS_MAX:
            self._known.clear()
        teams = self._load(view, refs)
        self._load(view, ((Kind.TEAM, team) for team in teams))

    def _load(self, view: View, refs: Iterable[tuple[Kind, UUID]]) -> list[UUID]:
        """Read the labels that are not known yet; returns the teams that they name."""
        read: list[Label] = []
        missing: dict[Kind, dict[int, UUID]] = {}
        for kind, id in refs:
            if id.int not in self._known:
                missing.setdefault(kind, {})[id.int] = id
        for kind, ids in missing.items():
            found = view.read(labels, kind, list(ids.values()))
            self._known |= {number: found.get(id) for number, id in ids.items()}
            read += found.values()
        return [label.team for label in read if label.team is not None]

    def of(self, id: UUID | None) -> Label | None:
        """The label; None for a node that the view does not have, and for a kind without names."""
        return None if id is None else self._known.get(id.int)

    def title(self, id: UUID | None) -> str | None:
        """The title or name of a node, the handle of a person."""
        label = self.of(id)
        return None if label is None else label.title

    def name(self, ref: Ref) -> str | None:
        """The key or handle of a node, or the title of one that has neither."""
        label = self.of(ref.id)
        if label is None or ref.kind is not Kind.PERSON:
            return label and (label.key or label.title)
        return label.key or erased_handle(ref.id)

    def person(self, id: UUID | None) -> str | None:
        """The handle of a person."""
        return None if id is None else self.title(id) or erased_handle(id)

    def actor(self, one: Exported) -> str:
        """The handle of the person who caused a change, or the name of the machine token."""
        return self.person(one.actor) or one.change.by.actor.partition(":")[2]


# ── rows of a spreadsheet ────────────────────────────────────────────────────────────────────────


class Column(NamedTuple):
    """A column of the spreadsheet: its name, and its meaning."""

    name: str
    meaning: str


COLUMNS: Final = (
    Column("cycle", "the key of the cycle"),
    Column("team", "the key of the team that owns the objective or KPI"),
    Column("objective", "the title of the objective"),
    Column("subject_type", "what was changed: Objective, KeyResult, Kpi, Cycle, Team, Person, Initiative"),
    Column("subject", "its title or name; of a person the handle"),
    Column("author", "who changed it: `on_behalf_of` if there is one, else `actor`"),
    Column("change", "what happened, in a sentence"),
    Column("field", "the changed field by its name in the schema; empty for a change without fields"),
    Column("before", "its value before; empty if it had none"),
    Column("after", "its value after; empty if it has none"),
    Column("effective_on", "the day on which it became true"),
    Column("recorded_on", "the day on which it was recorded"),
    Column("recorded_after_days", "the time between the two moments, in days"),
    Column("late", "whether it was recorded after its cycle had closed"),
    Column(
        "backdated",
        "whether it was recorded more than a cadence after it became true, as `Change.backdated`; of an import, "
        "whether it was reported so late, as the import claims",
    ),
    Column("reason", "the reason that was given"),
    Column("actor", "who sent it: the handle of a person, or the name of a token"),
    Column("on_behalf_of", "the handle of the author whom an import claims"),
    Column("source", "the route by which it arrived"),
    Column("type", "the type of the change in the schema"),
    Column("effective_at", "the moment at which it became true"),
    Column("claimed_at", "when it was reported, as an import claims, if that is another moment"),
    Column("recorded_at", "the moment at which it was recorded"),
    Column("position", "its position in the log"),
)
HEADER: Final = table([[column.name for column in COLUMNS]])


class Rows:
    """Writes changes as rows of a spreadsheet. Days are those of the `calendar`."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._labels = Labels()
        self._named = lru_cache(LABELS_MAX)(quoted)
        """The cell of a text that many rows show, such as a title."""

    def __call__(self, view: View, exported: Sequence[Exported]) -> bytes:
        self._labels.load(view, chain.from_iterable(one.references for one in exported))
        return "".join(chain.from_iterable(map(self._rows, exported))).encode()

    def _rows(self, one: Exported) -> Iterator[str]:
        before, after = self._place(one), self._when(one)
        for field in one.fields:
            names = self._milestones(one) if field.name == REACHED else NOTHING
            was, became = self._value(field.before, names), self._value(field.after, names)
            yield f"{before},{self._named(field.name)},{was},{became},{after}\r\n"
        if not one.fields:
            yield f"{before},,,,{after}\r\n"

    def _value(self, value: Value, names: Mapping[str, str]) -> str:
        """A plain cell: an entity by its key, handle or title, a milestone by its title."""
        if type(value) is float:
            return number(value)
        if isinstance(value, Ref):
            return self._named(self._labels.name(value))
        return quoted(names.get(value, value) if isinstance(value, str) else value)

    def _milestones(self, one: Exported) -> Mapping[str, str]:
        label = self._labels.of(one.change.change.key_result)
        return NOTHING if label is None else label.milestones

    # ── cells before the field ───────────────────────────────────────────────────────────────────

    def _place(self, one: Exported) -> str:
        of, subject, named, labels = one.change.change, one.subject, self._named, self._labels
        kind, title = (None, None) if subject is None else (subject.kind, self._subject(of, subject))
        cycle = None if of.cycle is None else labels.name(Ref(Kind.CYCLE, of.cycle))
        goal = f"{named(cycle)},{named(self._team(of, subject))},{named(labels.title(of.objective))}"
        author = labels.person(one.on_behalf_of) or labels.actor(one)
        return f"{goal},{kind or ''},{named(title)},{named(author)},{sentence(type(one.change.event))}"

    def _subject(self, of: Change, subject: Ref) -> str | None:
        """The title of the subject, the handle of a person; of a measurement that was commented on, the title of its
        key result or KPI."""
        if subject.kind is Kind.PERSON:
            return self._labels.person(subject.id)
        measured = {Kind.CHECK_IN: of.key_result, Kind.READING: of.kpi}
        return self._labels.title(measured.get(subject.kind, subject.id))

    def _team(self, of: Change, subject: Ref | None) -> str | None:
        """The key of the team that owns the objective or KPI, or of the subject."""
        owned = (of.objective, of.kpi, None if subject is None else subject.id)
        label = next((label for id in owned if (label := self._labels.of(id)) is not None), None)
        return None if label is None or label.team is None else self._labels.name(Ref(Kind.TEAM, label.team))

    # ── cells after the field ────────────────────────────────────────────────────────────────────

    def _when(self, one: Exported) -> str:
        change, day_of, named, labels = one.change, self._calendar.day_of, self._named, self._labels
        effective, recorded = change.effective_at, change.recorded_at
        delay = number(round((recorded - effective) / DAY, DELAY_DIGITS))
        flags = f"{quoted(change.late)},{quoted(one.backdated)},{quoted(change.by.reason)}"
        actors = f"{named(labels.actor(one))},{named(labels.person(one.on_behalf_of))},{change.by.source}"
        moments = f"{moment(effective)},{quoted(change.claimed_at)},{moment(recorded)}"
        days = f"{day_of(effective)},{day_of(recorded)},{delay}"
        return f"{days},{flags},{actors},{type(change.event).__name__},{moments},{change.position}"


@cache
def sentence(event: type[Event]) -> str:
    """What happened: the first sentence of the event's description."""
    return quoted(f"{description(event).partition('. ')[0].removesuffix('.')}.")


# ── lines of JSON ────────────────────────────────────────────────────────────────────────────────


MEASUREMENTS: Final = frozenset({Kind.CHECK_IN, Kind.READING})


class Lines:
    """Writes changes as lines of JSON, with entities by their ids."""

    def __init__(self) -> None:
        self._labels = Labels()

    def __call__(self, view: View, exported: Sequence[Exported]) -> bytes:
        self._labels.load(view, chain.from_iterable(one.head_references for one in exported))
        return b"".join(msgspec.json.encode(self._line(one)) + b"\n" for one in exported)

    def _line(self, one: Exported) -> Mapping[str, Any]:
        change, names = one.change, self._labels
        subject, cycle = self._subject(one), change.change.cycle
        return {
            "position": change.position,
            "recordedAt": write_date_time(change.recorded_at),
            "effectiveAt": write_date_time(change.effective_at),
            "claimedAt": change.claimed_at and write_date_time(change.claimed_at),
            "type": type(change.event).__name__,
            "actor": names.actor(one),
            "onBehalfOf": names.person(one.on_behalf_of),
            "source": change.by.source,
            "subjectType": subject and subject.kind,
            "subjectId": subject and _entity_id(subject),
            "cycle": None if cycle is None else names.name(Ref(Kind.CYCLE, cycle)),
            "reason": change.by.reason,
            "late": change.late,
            "backdated": one.backdated,
            "fields": [
                {"field": field.name, "before": text(field.before), "after": text(field.after)} for field in one.fields
            ],
        }

    def _subject(self, one: Exported) -> Ref | None:
        """The subject; None if the view does not have it."""
        subject = one.subject
        is_known = subject is not None and (subject.kind in MEASUREMENTS or self._labels.of(subject.id) is not None)
        return subject if is_known else None


def _entity_id(ref: Ref) -> str | None:
    return None if ref.kind in MEASUREMENTS else global_ids.encode(ref.kind, ref.id)
