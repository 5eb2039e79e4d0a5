"""The query parameters of the exports: moments, positions, flags, numbers, and the filter of changes."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from starlette.requests import Request

from api.schema.connections.change_lists import ChangeFilter, IntRange, change_filter
from api.schema.primitives.lookup import CycleBy, TeamBy
from api.snapshot.snapshot import ByKey, View
from domain.log.reads.times import recorded_at
from domain.primitives.errors import Code, CommandRejected, invalid
from projections.tables import changes, cycle, people

Params: TypeAlias = Mapping[str, str]

BASIS: Final = frozenset({"at", "known", "position"})
CHANGES: Final = BASIS | {
    "cycle", "team", "types", "from", "to", "actor", "includeOnBehalfOf", "late", "backdated", "goalposts",
    "recordedAfterEffectiveBy", "daysBeforeCloseGte", "daysBeforeCloseLte",
}  # fmt: skip
READINGS: Final = BASIS | {"kpi", "from", "to"}
CSV: Final = frozenset({"bom"})
_DAYS: Final = re.compile("-?[0-9]{1,6}")


def check(request: Request, known: Collection[str]) -> None:
    """Raises `INVALID` for an unknown parameter, and for one that is sent twice."""
    for name in request.query_params:
        if name not in known:
            raise invalid(f"'{name}' is not a parameter of this export; use {', '.join(sorted(known))}.", name)
        if len(request.query_params.getlist(name)) > 1:
            raise invalid(f"The parameter '{name}' appears more than once; send it once.", name)


def basis(params: Params) -> tuple[datetime | None, datetime | None, int | None]:
    """The arguments of `asOf`: at, known and position."""
    return moment(params, "at"), moment(params, "known"), position(params, "position")


def moment(params: Params, name: str) -> datetime | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            raise invalid("The time has no offset; write it like 2026-03-31T18:00:00Z, and '+' as %2B.", name)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(f"'{text[:60]}' is not a time; write it like 2026-03-31T18:00:00Z.", name) from error


def in_order(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The bounds of a range. Raises `INVALID` if it ends before it begins."""
    if since is not None and until is not None and until < since:
        raise invalid("Is before 'from', so the range is empty; exchange them.", "to")
    return since, until


def position(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is not None and not (text.isdecimal() and text.isascii() and len(text) <= 16):
        raise invalid(f"'{text[:60]}' is not a log position; write it like 42.", name)
    return None if text is None else int(text)


def flag(params: Params, name: str) -> bool | None:
    """Whether a flag is 1; None without it. Raises `CommandRejected` for a value other than 0 or 1."""
    text = params.get(name)
    if text not in {None, "0", "1"}:
        raise invalid(f"'{text[:60]}' is not a flag; write 1 or 0, or leave it out.", name)
    return None if text is None else text == "1"


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


def of_changes(view: View, params: Params) -> changes.ChangeFilter:
    """The filter of the changes. `from` and `to` are times or log positions, and make a half-open range."""
    types, team = params.get("types"), _by_key(view, params, "team", people.teams_by_key)
    of = _by_key(view, params, "cycle", cycle.cycles_by_key)
    since, until = in_order(_recorded(view, params, "from"), _recorded(view, params, "to"))
    given = ChangeFilter(
        cycle=None if of is None else CycleBy(key=of),
        team=None if team is None else TeamBy(key=team),
        types=None if types is None else [name.strip() for name in types.split(",")],
        recorded_from=since,
        recorded_to=until,
        actor=params.get("actor"),
        include_on_behalf_of=flag(params, "includeOnBehalfOf") is not False,
        late=flag(params, "late"),
        backdated=flag(params, "backdated"),
        goalposts=flag(params, "goalposts"),
        recorded_after_effective_by=_days(params, "recordedAfterEffectiveBy"),
        days_before_close=_remaining(params),
    )
    return change_filter(view, given)


def _remaining(params: Params) -> IntRange | None:
    """The range of remaining days of a cycle; None without a bound."""
    gte, lte = _days(params, "daysBeforeCloseGte"), _days(params, "daysBeforeCloseLte")
    return None if gte is None and lte is None else IntRange(gte=gte, lte=lte)


def _days(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is not None and not _DAYS.fullmatch(text):
        raise invalid(f"'{text[:60]}' is not a number of days; write it like 14.", name)
    return None if text is None else int(text)


def _by_key(view: View, params: Params, name: str, by_key: ByKey[Any]) -> str | None:
    """The key of a cycle or team. Raises `CommandRejected` with `NOT_FOUND` for one that does not exist now."""
    key = params.get(name)
    if key is not None and view.reads.present.by_key(by_key, key) is None:
        raise CommandRejected(Code.NOT_FOUND, f"There is no {name} with the key '{key[:60]}'.", name)
    return key


def _recorded(view: View, params: Params, name: str) -> datetime | None:
    if not params.get(name, "").isdecimal():
        return moment(params, name)
    place = position(params, name) or 0
    if place == 0:
        return None
    found = view.reads.read(recorded_at, place)
    if found is None and name == "from":
        raise invalid(f"The log has no position {place} yet; use a smaller position.", name)
    return found
