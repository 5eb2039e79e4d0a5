"""Compiles the selections of a document into columns, once for all its runs.

Without it every request would decide anew which fields of which types are selected, and how each is read and completed.
graphql-core collects the selected fields, so fragments, aliases, `@skip` and `@include` mean the same as without it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Path
from strawberry.types.info import Info

from api.execution.plans import columns
from api.execution.plans.arguments import Arguments
from api.execution.plans.columns import Complete, Field, Level, Read
from api.execution.plans.leaves import column_writer, plain
from api.execution.plans.readers import column_name, is_fixed, plain_reader
from api.execution.plans.run import Irregular, ReadOne, Run
from api.snapshot.batch_fields import BATCH_FIELDS, BatchField
from api.snapshot.siblings import Siblings
from api.snapshot.snapshot import Columns


class Place:
    """The field that has a selection: its type with this name has it, and its nodes are these. `complete` completes its
    values, if it is a root field that was compiled."""

    complete: Complete | None = None

    def __init__(self, parent: GraphQLObjectType, name: str, field: Any, nodes: Any) -> None:
        self.parent = parent
        self.name = name
        self.field = field
        self.nodes = nodes
        self._arguments: Arguments | None = None
        self._may_bind = nodes[0].fragment_variable_values is None

    def info(self, executor: Any) -> Any:
        """The `info` that its resolver takes."""
        path = Path(None, self.name, self.parent.name)
        nodes = [details.node for details in self.nodes]
        return executor.build_resolve_info(self.field, nodes, self.parent, path)

    def reader(self, executor: Any) -> ReadOne:
        """The function that reads it from an object, with the arguments of a request."""
        known = self._arguments
        bound = None if known is None else known.bound(executor.variable_values.coerced)
        if bound is not None:
            return self._resolver(bound, executor)
        read: ReadOne = executor.reader(self.field, self.nodes, self.info(executor))
        if known is None and self._may_bind:
            self._learn(read, executor)
        return read

    def _resolver(self, bound: dict[str, Any], executor: Any) -> ReadOne:
        defined = self.field.extensions["strawberry-definition"]
        resolver = defined.base_resolver
        if resolver.info_parameter:
            bound[resolver.info_parameter.name] = Info(_raw_info=self.info(executor), _field=defined)
        return partial(resolver.wrapped_func, **bound)

    def _learn(self, read: ReadOne, executor: Any) -> None:
        """Keep which arguments are the same at each request, if strawberry has converted them without an error."""
        defined = self.field.extensions.get("strawberry-definition")
        resolver = None if defined is None else defined.base_resolver
        if resolver is None or not isinstance(read, partial) or read.func is not resolver.wrapped_func:
            self._may_bind = False
            return
        info = resolver.info_parameter and resolver.info_parameter.name
        converted = {name: value for name, value in read.keywords.items() if name != info}
        schema = executor.schema._strawberry_schema  # noqa: SLF001 - strawberry has no other way
        self._arguments = Arguments.of(defined, self.nodes[0].node, converted, schema)
        self._may_bind = self._arguments is not None


class Completion(NamedTuple):
    """How a column of values is completed, and the columns of their rows that it shows."""

    complete: Complete
    wanted: Columns = None


def compiled(executor: Any, type_: Any, at: Place) -> Completion:
    """The completion of a nullable type. Raises `Irregular` for what cannot be compiled."""
    if is_list_type(type_):
        items, wanted = compiled(executor, get_nullable_type(type_.of_type), at)
        return Completion(columns.lists(items, items_required=is_non_null_type(type_.of_type)), wanted)
    if is_leaf_type(type_):
        write = column_writer(type_)
        return Completion(columns.leaves(write) if plain(type_) is None else columns.texts(write))
    if is_abstract_type(type_):
        return Completion(_abstract(type_, at))
    return _object(executor, type_, at)


# ── objects ──────────────────────────────────────────────────────────────────────────────────────


def _object(executor: Any, type_: GraphQLObjectType, at: Place) -> Completion:
    selected: dict[str, Any] = executor.collect_subfields(type_, at.nodes)[0]
    level = Level([compiled_field(executor, type_, name, nodes) for name, nodes in selected.items()])
    checked = level if type_.is_type_of is None else _checked(type_, at, level)
    return Completion(columns.objects(checked), level.needs)


def _checked(type_: GraphQLObjectType, at: Place, level: Complete) -> Complete:
    """The objects of a level, whose Python types are checked once."""
    known: set[type] = set()
    origin = type_.extensions["strawberry-definition"].origin

    def complete(run: Run, sources: Sequence[Any]) -> Sequence[Any]:
        is_known = type(sources) is Siblings and issubclass(sources.proxy_type, origin)
        for one in () if is_known else {type(one): one for one in sources}.values():
            if type(one) not in known:
                if not type_.is_type_of(one, at.info(run.executor)):  # type: ignore[misc]
                    raise Irregular
                known.add(type(one))
        return level(run, sources)

    return complete


def _abstract(type_: Any, at: Place) -> Complete:
    """The objects of an interface or union. A Python type is compiled when it is first met."""
    known: dict[type, Complete] = {}

    def level_of(run: Run, one: Any) -> Complete:
        found = known.get(type(one))
        if found is None:
            executor, info = run.executor, at.info(run.executor)
            name = (type_.resolve_type or executor.type_resolver)(one, info, type_)
            runtime_type = executor.ensure_valid_runtime_type(name, type_, at.nodes, info, one)
            found = known[type(one)] = _object(executor, runtime_type, at).complete
        return found

    return columns.by_type(level_of)


# ── fields ───────────────────────────────────────────────────────────────────────────────────────


def compiled_field(executor: Any, parent: GraphQLObjectType, name: str, nodes: Any) -> Field:
    """A selected field of a type, by its name in the answer. Raises `Irregular` for what cannot be compiled."""
    node = nodes[0].node
    if node.name.value == "__typename":
        return Field(name, columns.constant(parent.name), columns.as_it_is, is_required=True, needs=frozenset())
    field = executor.schema.get_field(parent, node.name.value)
    if field is None or nodes[0].fragment_variable_values is not None:
        raise Irregular
    at = Place(parent, name, field, nodes)
    complete, wanted = compiled(executor, get_nullable_type(field.type), at)
    defined = field.extensions.get("strawberry-definition")
    column = column_name(defined)
    if column is not None:
        is_required, is_enum = is_non_null_type(field.type), isinstance(get_nullable_type(field.type), GraphQLEnumType)
        return Field(name, columns.of_rows(column), complete, is_required, frozenset([column]), is_enum=is_enum)
    known = None if defined is None else _batch_field(defined.base_resolver)
    needs, narrows = (None, False) if known is None else (known.needs, known.narrows)
    return Field(name, _read(executor, at, defined, wanted), complete, is_non_null_type(field.type), needs, narrows)


def _read(executor: Any, at: Place, defined: Any, wanted: Columns) -> Read:
    """How a field that is no column of the row is read."""
    read = None if defined is None else plain_reader(defined)
    if read is None and is_fixed(defined, at.nodes[0].node):
        read = at.reader(executor)
    return columns.bound(at.reader, wanted) if read is None else columns.fixed(read, wanted)


def _batch_field(resolver: Any) -> BatchField | None:
    return None if resolver is None else BATCH_FIELDS.get(resolver.wrapped_func)
