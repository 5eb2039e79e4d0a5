"""An event told to a person: what every change has, whatever happened. The concrete types stand in `told`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.schema.connections import change_lists as listed
from api.schema.connections.change_lists import Told
from api.schema.history.field_changes import FieldChange, shown
from api.schema.primitives import enums
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import answered, related, to_one
from api.schema.primitives.node import Node
from api.schema.primitives.refs import CycleRef, ObjectiveRef
from api.schema.primitives.scalars import Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import found, found_refs, in_groups
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.model.event import Recorded
from domain.model.key_result import KeyResultCheckedIn
from domain.model.objective import ObjectiveAligned, ObjectiveDrafted, ObjectiveUnaligned
from domain.model.people import TeamJoined, TeamLeft
from domain.primitives.values import Kind, Ref
from projections.history import effects, field_changes
from projections.history.effects import StateBefore
from projections.history.field_changes import Around, Field

# ── what it is about ─────────────────────────────────────────────────────────────────────────────


def _subject(row: Told) -> Ref:
    """What a change is about: of a check-in its key result, of a reading its KPI, of a comment what was commented."""
    change, kind = row.change, row.event.KIND
    if kind is Kind.CHECK_IN and change.key_result is not None:
        return Ref(Kind.KEY_RESULT, change.key_result)
    if kind is Kind.READING and change.kpi is not None:
        return Ref(Kind.KPI, change.kpi)
    return change.subject


def _subjects(batch: Batch) -> Sequence[Any]:
    refs = [_subject(row) for row in batch.rows]
    things = found_refs(batch.view, refs)
    return [things.get(ref) for ref in refs]


def _cycles(batch: Batch) -> Sequence[Any]:
    wanted = [row.change.cycle for row in batch.rows]
    things = found(batch.view, Kind.CYCLE, wanted)
    return [things.get(id) for id in wanted]


# ── what it changed ──────────────────────────────────────────────────────────────────────────────


def arounds(batch: Batch) -> Sequence[Around]:
    """Each thing as it stood before its event and after it: one statement for each kind of thing."""
    events: dict[Kind, list[tuple[Any, int]]] = {}
    for row in batch.rows:
        events.setdefault(row.event.KIND, []).append((row.event.originator_id, row.position))
    known = {kind: batch.view.reads.read(field_changes.around, kind, each) for kind, each in events.items()}
    return [known[row.event.KIND][row.position] for row in batch.rows]


def stood(batch: Batch) -> Sequence[StateBefore]:
    """Where the key result of each of these check-ins stood before; nothing for other changes."""
    rows = [row.change for row in batch.rows if isinstance(row.event, KeyResultCheckedIn)]
    known = batch.view.reads.read(effects.states_before, rows) if rows else {}
    return [known.get(row.position, StateBefore()) for row in batch.rows]


def _fields(batch: Batch) -> Sequence[list[FieldChange]]:
    parts = zip(batch.rows, batch.all(arounds), batch.all(stood), strict=True)
    return shown(batch.view, [_differences(row, around, before) for row, around, before in parts])


def _differences(row: Told, around: Around, before: StateBefore) -> list[Field]:
    """What differs between the two versions, and what came to a list that is kept beside them."""
    event, after = row.event, field_changes.field_values(around.after)
    if isinstance(event, KeyResultCheckedIn):
        was = field_changes.field_values(before)
        return [field for name in after for field in _said(name, was.get(name), after[name])]
    found = field_changes.differences(field_changes.field_values(around.before), after)
    match event:
        case ObjectiveDrafted():
            found += [Field("supports", None, ref) for ref in event.supports]
        case ObjectiveAligned():
            found.append(Field("supports", None, event.to))
        case ObjectiveUnaligned():
            found.append(Field("supports", event.to, None))
        case TeamJoined():
            found.append(Field("members", None, Ref(Kind.PERSON, event.person)))
        case TeamLeft():
            found.append(Field("members", Ref(Kind.PERSON, event.person), None))
    return found


def _said(name: str, was: Any, said: Any) -> list[Field]:
    """What a check-in says, the same as before or not; of what is reached, what differs."""
    if isinstance(said, tuple):
        return field_changes.differences({name: was or ()}, {name: said})
    return [Field(name, was, said)]


# ── what it did ──────────────────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="What a change did to an objective: its progress right before and right after, both as known at its "
    "place in the log."
)
class Effect(RowProxy):
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The objective.")
    before: float | None = strawberry.field(description="Its progress right before; null for none.")
    after: float | None = strawberry.field(description="Its progress right after; null for none.")
    cause: enums.Cause = strawberry.field(description="What the difference is booked to.")


def _effects(batch: Batch) -> Sequence[list[Effect]]:
    """All that each change did to objectives that are there at this view."""
    view = batch.view
    known = view.reads.read(effects.effects, [row.change for row in batch.rows])
    parts = [known.get(row.position, []) for row in batch.rows]
    there = found(view, Kind.OBJECTIVE, [effect.objective for part in parts for effect in part])
    kept = [[effect for effect in part if effect.objective in there] for part in parts]
    return in_groups(Effect, view, kept)


def _effect(batch: Batch) -> Sequence[Effect | None]:
    return [all_of[0] if len(all_of) == 1 else None for all_of in batch.all(_effects)]


# ── the interface ────────────────────────────────────────────────────────────────────────────────


@strawberry.interface(
    description="One event of the log, told to a person. There is one concrete type for each kind of event; one query "
    "may ask for the fields of all of them, since equal names have equal types."
)
class Change(Node):
    row: strawberry.Private[Told]

    position: Position = strawberry.field(description="Its place in the log.")
    recorded_at: datetime = strawberry.field(description="When the log learned it, by the database's clock.")
    effective_at: datetime = strawberry.field(description="Since when it was true in the world.")
    actor: Actor = actor("by", "Who said it.")
    late: bool = strawberry.field(description="Whether it was recorded after its cycle had closed.")
    subject: Node | None = related(
        "What it is about: of a check-in its key result, of a reading its KPI, of a comment what was commented; null "
        "for the workspace itself.",
        _subjects,
    )
    cycle: CycleRef | None = related("The cycle it belongs to, if it belongs to one.", _cycles)
    fields: list[FieldChange] = related(
        "What is otherwise than before, field by field; of a check-in what it says, and what was known of that moment "
        "before. What names a person who was erased is told no more.",
        _fields,
    )
    effect: Effect | None = related(
        "What it did to the progress of its objective. Null for what can move none, and for a reading that moves "
        "several objectives, or none: `effects` has them all.",
        _effect,
    )
    effects: list[Effect] = related(
        "What it did to the progress of every objective it concerns: of a reading, of each that has a key result "
        "measured by its KPI at that place in the log.",
        _effects,
    )

    @answered("Its global id; opaque.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode_change(self.row.position, self.batch.view.id_end))

    @answered("Why, in the words of who said it.")
    def reason(self) -> str | None:
        reason: str | None = self.row.by.reason
        return reason


def changes(view: View, recorded: Sequence[Recorded]) -> list[Change]:
    """These events, told at a view; those that it does not know are left out."""
    return listed.at_positions(view, [said.position for said in recorded])


def changes_between(view: View, first: int | None, last: int | None) -> list[Change]:
    """The events of these positions, both included, told at a view; none if there is no first."""
    if first is None or last is None:
        return []
    return listed.at_positions(view, range(first, last + 1))
