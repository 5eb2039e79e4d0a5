"""The parts of an answer about goals that come from columns: the fields of objectives and of their key results.

Without them an answer would be completed from objects of the API. What columns do not have is read and completed as in
compiled documents (`api.execution.plans`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from graphql import GraphQLEnumType, GraphQLFloat, get_named_type, get_nullable_type, is_non_null_type

from api.execution.plans.columns import Complete, Field, Level, as_it_is, texts
from api.execution.plans.compiler import Place, compiled, compiled_field
from api.execution.plans.leaves import plain
from api.execution.plans.readers import column_name
from api.execution.plans.run import Irregular, Run
from api.schema.metrics.key_result_lists import IN_STANDINGS
from projections.standings import goals_at_once
from projections.standings.kept_rows import ID_BYTES, KEPT

OfGoals: TypeAlias = Callable[[Run, Any], Any]
"""Reads or completes a field of `Objectives`, of `KeyResults`, or of their figures."""
OfField: TypeAlias = Callable[[Place, str], Field]
"""Compiles a field, which has this name in Python."""

METRICS_MAX: Final = 4_096
"""Completed metrics that are kept for one document."""
_LATEST: Final = frozenset(["current", "measured_at", "confidence"])
"""Fields of key results that come with their progress."""


class Levels:
    """Compiles the selections of one document, for an executor of it. `of_objectives` and `of_key_results` are the
    columns that they read. Raises `Irregular` for what cannot be compiled."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor
        self.of_objectives: set[str] = set()
        self.of_key_results: set[str] = set()
        self.shows_figures = False

    def objectives(self, at: Place) -> Level:
        """The level of the objectives of a field."""
        return self._level(at, self._of_objective)

    def _level(self, at: Place, of_field: OfField) -> Level:
        fields = selected_fields(self._executor, at)
        return Level([self._field(one, of_field) for one in fields])

    def _field(self, at: Place, of_field: OfField) -> Field:
        if at.nodes[0].fragment_variable_values is not None:
            raise Irregular
        defined = at.field.extensions.get("strawberry-definition")
        return self._compiled(at) if defined is None else of_field(at, defined.python_name)

    def _of_objective(self, at: Place, attribute: str) -> Field:
        if attribute == "id":
            return _present(_field_of(at, lambda _, of: of.ids, _equally_long))
        if attribute == "key_results" and not at.nodes[0].node.arguments:
            self.shows_figures = True
            level = self._level(at, self._of_key_result)
            return _present(_field_of(at, lambda _, of: of.key_results, lambda run, of: of.split(level(run, of))))
        if attribute == "progress" and self._are_columns(at):
            self.shows_figures = True
            return _present(_field_of(at, lambda _, of: of.progress, self._level(at, self._of_figures)))
        if _column(at) in goals_at_once.COLUMNS:
            self.of_objectives.add(attribute)
            return self._shown(at, lambda _, of: of.column(attribute))
        return self._other(at, self.of_objectives, goals_at_once.COLUMNS)

    def _of_key_result(self, at: Place, attribute: str) -> Field:
        if attribute == "id":
            self.of_key_results.add(ID_BYTES)
            return _present(_field_of(at, lambda _, of: of.ids, _equally_long))
        if attribute in _LATEST:
            return self._shown(at, lambda _, of: of.progress.column(attribute))
        if attribute == "progress" and self._are_columns(at):
            return _present(_field_of(at, lambda _, of: of.progress, self._level(at, self._of_figures)))
        if attribute == "metric":
            self.of_key_results.add(attribute)
            complete = compiled(self._executor, get_nullable_type(at.field.type), at).complete
            return _present(_field_of(at, lambda _, of: of.column("metric"), _Metrics(complete)))
        if _column(at) in IN_STANDINGS:
            self.of_key_results.add(attribute)
            return self._shown(at, lambda _, of: of.column(attribute))
        return self._other(at, self.of_key_results, IN_STANDINGS)

    def _of_figures(self, at: Place, attribute: str) -> Field:
        return self._shown(at, lambda _, of: of.column(attribute))

    # ── fields ───────────────────────────────────────────────────────────────────────────────────

    def _compiled(self, at: Place) -> Field:
        return compiled_field(self._executor, at.parent, at.name, at.nodes)

    def _shown(self, at: Place, read: OfGoals) -> Field:
        """A field that shows a column. Its texts and floats are written as they are: PostgreSQL and the figures have no
        other values."""
        type_ = get_nullable_type(at.field.type)
        if type_ is GraphQLFloat:
            return _field_of(at, read, as_it_is)
        if plain(type_) is not None:
            return _field_of(at, read, texts(lambda column: column))
        return _field_of(at, read, compiled(self._executor, type_, at).complete)

    def _other(self, at: Place, needs: set[str], known: frozenset[str]) -> Field:
        """Any other field, which is read from objects of the API. `needs`: the columns that are read, to which those
        that it needs are added if they are `known`."""
        field = self._compiled(at)
        needs |= {"id"} | (field.needs or frozenset()) & known
        return field._replace(read=_of_records(field.read), narrows=False)

    def _are_columns(self, at: Place) -> bool:
        """Whether the selection of a field has columns only."""
        return all(_column(one) is not None for one in selected_fields(self._executor, at))


def selected_fields(executor: Any, at: Place) -> list[Place]:
    """The fields that are selected of the objects of a field."""
    parent: Any = get_named_type(at.field.type)
    selected: dict[str, Any] = executor.collect_subfields(parent, at.nodes)[0]
    return [
        Place(parent, name, executor.schema.get_field(parent, nodes[0].node.name.value), nodes)
        for name, nodes in selected.items()
    ]


def _column(at: Place) -> str | None:
    """The attribute of the row that a field shows."""
    return column_name(at.field.extensions.get("strawberry-definition"))


def _field_of(at: Place, read: OfGoals, complete: OfGoals) -> Field:
    is_enum = isinstance(get_nullable_type(at.field.type), GraphQLEnumType)
    return Field(at.name, read, complete, is_non_null_type(at.field.type), is_enum=is_enum)


def _present(field: Field) -> Field:
    """A field that is never null, so that nothing needs to look for it."""
    return field._replace(is_required=False)


def _equally_long(run: Run, column: list[str]) -> list[str]:
    """Completes ids."""
    run.bytes += len(column) * max(map(len, column[:1]), default=0)
    return column


def _of_records(read: OfGoals) -> OfGoals:
    return lambda run, of: read(run, of.records)


class _Metrics:
    """Completes metrics as stored, of which few differ: each of them once."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete
        self._known: dict[bytes, Any] = {}
        self._bytes = 0

    def __call__(self, run: Run, column: Sequence[bytes]) -> list[Any]:
        try:
            found = list(map(self._known.__getitem__, column))
        except KeyError:
            found = list(map(self._with(run, {*column}).__getitem__, column))
        run.add(self._bytes * len(column))
        return found

    def _with(self, run: Run, column: set[bytes]) -> dict[bytes, Any]:
        """What is kept, with these metrics, too."""
        known, missing = self._known, column - self._known.keys()
        if not missing:  # another thread was faster
            return known
        if len(known) + len(missing) > METRICS_MAX:
            known, missing = {}, column
        before = run.bytes
        known.update(zip(missing, self._complete(run, list(map(_load, missing))), strict=True))
        self._known, self._bytes = known, (run.bytes - before) // len(missing)
        return known


_load = KEPT.loads("metric")
