"""Lookup of nodes by global id, each at the basis in its id, or at the view's basis if the id has none."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from api.schema.connections.change_lists import at_positions
from api.schema.types.measurements import VERSIONS
from api.snapshot import global_ids
from api.snapshot.dataloaders import TYPES, found
from api.snapshot.global_ids import ChangeId, GlobalId
from api.snapshot.pagination import PAGE_MAX
from api.snapshot.snapshot import View, as_batch
from domain.primitives.errors import CommandRejected, invalid
from domain.primitives.values import Basis, Kind

Id: TypeAlias = GlobalId | ChangeId


def find(view: View, id: str) -> Any:
    """The node with this id; None for an unknown id."""
    name = global_ids.decode(id)
    at = None if name is None else _at(view, name.basis)
    return None if at is None or name is None else _read(at, _kind_of(name), [name]).get(name)


def find_all(view: View, texts: Sequence[str]) -> list[Any]:
    """The node of each of these ids, None for an unknown id: one statement per kind and basis. Raises `INVALID`."""
    if len(texts) > PAGE_MAX:
        raise invalid(f"Has {len(texts)} ids; pass up to {PAGE_MAX} at once.", "ids")
    named = [global_ids.decode(text) for text in texts]
    groups: dict[tuple[Basis | None, Kind | None], list[Id]] = {}
    for name in dict.fromkeys(named):
        if name is not None:
            groups.setdefault((name.basis, _kind_of(name)), []).append(name)
    nodes: dict[Id, Any] = {}
    for (basis, kind), group in groups.items():
        at = _at(view, basis)
        if at is not None:
            nodes |= _read(at, kind, group)
    return [None if name is None else nodes.get(name) for name in named]


def _kind_of(name: Id) -> Kind | None:
    """The kind of the node; None for a change."""
    return name.kind if isinstance(name, GlobalId) else None


def _at(view: View, basis: Basis | None) -> View | None:
    """The view at the basis of an id; None for an invalid basis."""
    if basis is None or (not view.is_now and basis == view.basis):
        return view
    try:
        return view.reads.at(basis)
    except CommandRejected:
        return None


def _read(view: View, kind: Kind | None, group: Sequence[Any]) -> dict[Id, Any]:
    if kind is None:
        return _changes(view, group)
    if kind in VERSIONS:
        return _versions(view, kind, group)
    if kind not in TYPES:
        return {}
    nodes = found(view, kind, [name.id for name in group])
    return {name: nodes[name.id] for name in group if name.id in nodes}


def _versions(view: View, kind: Kind, group: Sequence[GlobalId]) -> dict[Id, Any]:
    shown_as, versions = VERSIONS[kind]
    rows = view.read(versions, list({name.id for name in group}))
    known = {(row.id, row.version): row for each in rows.values() for row in each}
    named = [name for name in group if (name.id, name.version) in known]
    nodes = as_batch(shown_as, view, [known[name.id, name.version] for name in named])
    return dict(zip(named, nodes, strict=True))


def _changes(view: View, group: Sequence[ChangeId]) -> dict[Id, Any]:
    """The changes by position, without those that the view does not include."""
    known = {change.row.position: change for change in at_positions(view, [name.position for name in group])}
    return {name: known[name.position] for name in group if name.position in known}
