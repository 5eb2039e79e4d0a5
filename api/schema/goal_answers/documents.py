"""Queries for goals that are answered by one statement: `objective` by id, and the first `objectives`, at the present
or as of a position.

Without this room such a query takes three statements and an object for each level of its answer. It is compiled at its
first execution, and kept by its text and operation name. Whatever is irregular about it, its variables or its data, is
left to the executor of all queries, which answers the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from graphql import IntValueNode, StringValueNode, VariableNode

from api.execution.context import Context
from api.execution.limits import DOCUMENTS_KEPT
from api.execution.plans.columns import Level
from api.execution.plans.compiler import Place
from api.execution.plans.run import Irregular, Run
from api.schema.goal_answers.found_goals import Objectives
from api.schema.goal_answers.levels import Levels, selected_fields
from api.schema.metrics.figures import OBJECTIVES_NEED
from api.snapshot import global_ids
from api.snapshot.loop_reads import LoopReads, NeedsThread
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX
from api.snapshot.snapshot import SnapshotReader, View
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind
from projections.standings import goals_at_once
from projections.standings.goals_at_once import Found, Wanted
from projections.standings.kept_rows import ID_BYTES, SHOWN

Document: TypeAlias = tuple[str | None, str | None]
"""The text of a document, and the name of its operation."""
Value: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""An argument, from the variables of a request."""
Answers: TypeAlias = list[dict[str, Any]]
POSITION_MAX: Final = 2**53
ON_THREADS: Final = 100
"""How many requests a thread answers at once, after a connection was needed that the event loop has not."""


class Asked(NamedTuple):
    """What a request asks of a query: an objective, or the number of the first ones; and as of which position."""

    objective: UUID | None
    first: int
    position: int | None


class GoalQuery:
    """A query for goals. `names`: those of the fields above the objectives, in the answer. `is_one`: it is for a single
    objective, so that requests can be answered together."""

    def __init__(
        self, names: Sequence[str], wanted: Wanted, level: Level, asked: Value, position: Value | None
    ) -> None:
        self.is_one = wanted.which == "one"
        self._names = names
        self._wanted = wanted
        self._level = level
        self._asked = asked
        self._position = position
        self.needs_thread = 0
        """The number of the next requests that are left to threads at once."""

    def asked(self, variables: Mapping[str, Any]) -> Asked:
        """What a request asks. Raises `Irregular` for values that the executor has to convert or refuse."""
        position = None if self._position is None else _number(self._position(variables), 1, POSITION_MAX)
        value = self._asked(variables)
        if self.is_one:
            return Asked(_objective(value), 1, position)
        return Asked(None, _number(value, 0, PAGE_MAX), position)

    def data(self, context: Context, asked: Sequence[Asked], executor: Callable[[], Any]) -> Answers:
        """The data of the answer to each of these requests in one context, which ask for objectives at one basis; of
        another query there is one. Raises `LookupError`, and any error of a statement or field."""
        with closing(context.reads) as reads:
            found = reads.read(goals_at_once.read, *self._statement(reads, asked))
            return self._answers(_view(reads, found, asked), found, asked, Run(_Late(executor), context.deadline, 0))

    async def data_on_loop(self, context: Context, loop_reads: LoopReads, asked: Sequence[Asked]) -> Answers:
        """The same on the event loop. Raises `NeedsThread` also if a thread has to do it."""
        with closing(context.reads) as reads:
            if self.needs_thread or not reads.fits_loop:
                self.needs_thread = max(0, self.needs_thread - 1)
                raise NeedsThread
            wanted, params = self._statement(reads, asked)
            rows = await loop_reads.rows(goals_at_once.query(wanted), params)
            reads.leave_connections()
            found = goals_at_once.found(wanted, rows)
            view = _view(reads, found, asked)
            if not view.knows_settings:
                raise NeedsThread
            try:
                return self._answers(view, found, asked, Run(_Late(_needs_thread), context.deadline, 0))
            except NeedsThread:
                self.needs_thread = ON_THREADS
                raise

    def _answers(self, view: View, found: Found, asked: Sequence[Asked], run: Run) -> Answers:
        answers = self._level(run, Objectives(view, found))
        if not self.is_one:
            return [self._named(answers)]
        by_id = dict(zip(found.ids, answers, strict=True))
        return [self._named(None if one.objective is None else by_id.get(one.objective.bytes)) for one in asked]

    def _named(self, answer: Any) -> dict[str, Any]:
        for name in reversed(self._names):
            answer = {name: answer}
        return answer  # type: ignore[no-any-return]  # there is a name at least

    def _statement(self, reads: SnapshotReader, asked: Sequence[Asked]) -> tuple[Wanted, dict[str, Any]]:
        """What to read: the goals, with the present unless it is known, and the parameters."""
        wanted, (first, *others) = self._wanted, asked
        params: dict[str, Any] = {"id": first.objective, "limit": first.first, "asked": first.position}
        if others:
            wanted = wanted._replace(which="some")
            ids = {one.objective.hex for one in asked if one.objective is not None}
            params["ids"] = f"{{{','.join(ids)}}}"  # an array as text: the driver takes longer for a list of UUIDs
        if reads.knows_present and first.position is None:
            newest = reads.newest
            wanted = wanted._replace(at="known")
            params |= {"at": newest.at, "known": newest.known, "position": newest.position}
        return wanted, params


def _view(reads: SnapshotReader, found: Found, asked: Sequence[Asked]) -> View:
    """The view at which goals were found."""
    if not reads.knows_present:
        reads.know_present(found.present)
    view = reads.present if asked[0].position is None else reads.at(found.basis)
    view.mark_read()
    return view


class _Late:
    """An executor that is made when it is used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def _needs_thread() -> Any:
    raise NeedsThread


def _objective(id: Any) -> UUID:
    found = global_ids.decode(id) if type(id) is str else None
    if not isinstance(found, global_ids.GlobalId) or found.kind is not Kind.OBJECTIVE or found.basis is not None:
        raise Irregular
    return found.id


def _number(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Irregular
    return value


# ── compiling ────────────────────────────────────────────────────────────────────────────────────


def compiled_query(executor: Any, roots: Sequence[Place]) -> GoalQuery | None:
    """The query of an operation with these root fields; None if it is no query for goals."""
    if len(roots) != 1:
        return None
    (at,), names, position, variables = roots, [roots[0].name], None, set[str]()
    if _called(at) == "asOf":
        position, inner = _argument(at, "position", variables), selected_fields(executor, at)
        if position is None or len(inner) != 1:
            return None
        (at,) = inner
        names.append(at.name)
    is_one = _called(at) == "objective"
    asked = _argument(at, "id", variables) if is_one else _argument(at, "first", variables, PAGE_DEFAULT)
    if asked is None or _called(at) not in {"objective", "objectives"}:
        return None
    if not is_one:
        inner = selected_fields(executor, at)
        if len(inner) != 1 or _called(inner[0]) != "nodes":
            return None
        (at,) = inner
        names.append(at.name)
    declared = {one.variable.name.value for one in executor.operation.variable_definitions or ()}
    return None if declared != variables else _query(executor, at, is_one, names, asked, position)


def _query(
    executor: Any, at: Place, is_one: bool, names: Sequence[str], asked: Value, position: Value | None
) -> GoalQuery | None:
    levels = Levels(executor)
    try:
        level = levels.objectives(at)
    except Irregular:
        return None
    if not levels.shows_figures:
        return None
    columns = ("id", *sorted(OBJECTIVES_NEED.union(levels.of_objectives) - {"id"}))
    shown = tuple(name for name in (ID_BYTES, *SHOWN) if name in levels.of_key_results)
    wanted = Wanted("one" if is_one else "first", "present" if position is None else "position", columns, shown)
    return GoalQuery(names, wanted, level, asked, position)


def _called(at: Place) -> str:
    return str(at.nodes[0].node.name.value)


def _argument(at: Place, name: str, variables: set[str], default: Any = None) -> Value | None:
    """The only argument of a field, which has this name; else the default, if there is one. None if the field has any
    other. Adds its variable to those that are used."""
    given: Sequence[Any] = at.nodes[0].node.arguments or ()
    if not given:
        return None if default is None else lambda _: default
    if len(given) > 1 or given[0].name.value != name:
        return None
    value = given[0].value
    if isinstance(value, VariableNode):
        variable = value.name.value
        variables.add(variable)
        return lambda of: of.get(variable)
    if isinstance(value, IntValueNode):
        number = int(value.value)
        return lambda _: number
    if isinstance(value, StringValueNode):
        text = value.value
        return lambda _: text
    return None


# ── documents ────────────────────────────────────────────────────────────────────────────────────


class GoalQueries:
    """The queries for goals of a process, by their documents. Used by several threads.

    `answered` are those that were answered by one statement, `given_up` those that were left to the executor.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Document, GoalQuery | None] = OrderedDict()
        self.find = self._kept.get
        """Returns the query of a document that was learnt; None if it is no query for goals, or not known yet."""
        self.answered = self.given_up = 0

    def data(
        self, document: Document, context: Context, variables: Mapping[str, Any], executor: Callable[[], Any]
    ) -> dict[str, Any] | None:
        """The data of a query for goals that was learnt. None for any other, and for what is irregular or fails: the
        executor tells errors in their places. `executor` makes one of this request, for fields that are no columns."""
        query = self.find(document)
        if query is None:
            return None
        try:
            asked = query.asked(variables)
        except Irregular:
            return None
        return self.answers(query, context, [asked], executor)[0]

    async def answers_on_loop(
        self, query: GoalQuery, context: Context, loop_reads: LoopReads, asked: Sequence[Asked]
    ) -> Answers:
        """The same on the event loop. Raises `NeedsThread` if a thread has to do it."""
        try:
            found = await query.data_on_loop(context, loop_reads, asked)
        except Exception as error:
            context.freshness.reset()
            raise NeedsThread from error
        self.answered += len(asked)
        return found

    def answers(
        self, query: GoalQuery, context: Context, asked: Sequence[Asked], executor: Callable[[], Any]
    ) -> Sequence[dict[str, Any] | None]:
        """The same for several requests in one context, see `GoalQuery.data`."""
        try:
            found = query.data(context, asked, executor)
        except Exception:  # noqa: BLE001 - see above
            self.given_up += len(asked)
            context.freshness.reset()
            return [None] * len(asked)
        self.answered += len(asked)
        return found

    def learn(self, document: Document, executor: Any, roots: Sequence[Place] | None) -> None:
        """Compile a document that an executor has executed without an error, unless it is known."""
        if document in self._kept or roots is None:
            return
        self._kept[document] = compiled_query(executor, roots)
        while len(self._kept) > DOCUMENTS_KEPT:
            self._kept.popitem(last=False)


GOAL_QUERIES: Final = GoalQueries()
"""Those of this process."""
