"""An executor for graphql-core that plans each selection once for all objects of a list.

graphql-core determines for each field of each object how it is resolved, what its arguments are, and how its value is
completed. These are the same for all objects of a list, so this executor plans them once: the function that reads a
field, and the function that completes its value. Responses and the paths of errors are those of graphql-core. Below
the root, all fields resolve synchronously.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import isfinite
from operator import attrgetter
from time import monotonic
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLObjectType,
    GraphQLString,
    OperationType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.executor import invalid_return_type_error, to_nodes
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from api.execution.context import Context
from api.snapshot.snapshot import RowProxy
from domain.primitives.lazy import cached_property
from projections.store.deadline import Deadline, DeadlineExceeded, Stopped

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""The approximate size of an answer, in bytes of JSON."""
FIELD_BYTES: Final = 32
"""The assumed size of a field with its name; longer texts count in characters."""

Read: TypeAlias = Callable[[Any], Any]
Place: TypeAlias = tuple[Any, str | int, str | None]
"""The place of a value in the response: converted to a `Path` only for an error."""
Complete: TypeAlias = Callable[[Any, Place], Any]


class Planned(NamedTuple):
    """A field of a selection: its name in the response, how it is read, and how a value that is not None is completed.

    A leaf has `write`: a value of the type `plain` is its own answer, any other is written. All else has `complete`,
    which has to know where the value is.
    """

    name: str
    read: Read
    plain: type | None
    write: Read | None
    complete: Complete
    is_required: bool
    type: Any
    nodes: Any


Leaf: TypeAlias = tuple[Read, type | None, Read, Complete, bool, Any]
"""A planned field without its name and its nodes."""


class AnswerTooLarge(Stopped):
    """An answer has more than `ANSWER_BYTES_MAX`."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    _bytes = 0
    """The approximate size of the answer so far, in bytes."""

    @cached_property
    def _writes(self) -> bool:
        """Whether the operation is a mutation: a deadline then fails fields of the payload, not the payload."""
        return self.operation.operation is OperationType.MUTATION

    @cached_property
    def _deadline(self) -> Deadline:
        """The deadline of the response."""
        return self.context_value.deadline if isinstance(self.context_value, Context) else Deadline()

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,  # noqa: ARG002 - for incremental delivery, which is not supported
    ) -> dict[str, Any]:
        """The fields of one object, in the order of the selection."""
        return self._execute(self._plan(parent_type, grouped_field_set), parent_type.name, source_value, path)

    def _execute(self, plan: Sequence[Planned], typename: str, source: Any, place: Place | None) -> dict[str, Any]:
        """The fields of one object. A missed deadline, or an answer that is too large, fails the root field as a whole,
        not each of its parts."""
        results: dict[str, Any] = {}
        self._bytes += FIELD_BYTES * len(plan)
        is_part = place is not None and (place[0] is not None or not self._writes)
        if is_part and monotonic() > self._deadline.until:
            raise DeadlineExceeded
        if is_part and self._bytes > ANSWER_BYTES_MAX:
            raise AnswerTooLarge
        for name, read, plain, write, complete, is_required, return_type, nodes in plan:
            try:
                value = read(source)
                if value is None:
                    pass
                elif type(value) is not plain:
                    value = complete(value, (place, name, typename)) if write is None else write(value)
                elif len(value) > FIELD_BYTES:  # type: ignore[arg-type]  # plain values are texts
                    self._bytes += len(value)  # type: ignore[arg-type]
                if value is None and is_required:
                    raise _is_null(typename, nodes)  # noqa: TRY301 - it is the error of this field
                results[name] = value
            except Exception as error:
                if is_part and isinstance(error, Stopped):
                    raise
                self.handle_field_error(error, return_type, nodes, _path((place, name, typename)))
                results[name] = None
        return results

    # ── planning ─────────────────────────────────────────────────────────────────────────────────

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> list[Planned]:
        plan = []
        for name, nodes in grouped_field_set.items():
            field = self.schema.get_field(parent_type, nodes[0].node.name.value)
            if field is None:
                continue
            leaf = _plain_leaf(field.extensions.get("strawberry-definition"), field.type)
            if leaf is None or field.subscribe is not None:
                plan.append(self._planned(name, field, nodes, parent_type))
            else:
                plan.append(Planned(name, *leaf, nodes))
        return plan

    def _planned(self, name: str, field: GraphQLField, nodes: Any, parent_type: GraphQLObjectType) -> Planned:
        is_required = is_non_null_type(field.type)
        type_: Any = field.type.of_type if is_required else field.type  # type: ignore[union-attr]
        defined = field.extensions.get("strawberry-definition")
        read = _plain_reader(defined) if isinstance(defined, StrawberryField) and field.subscribe is None else None
        info = self.build_resolve_info(field, to_nodes(nodes), parent_type, Path(None, name, parent_type.name))
        if read is None:
            read = self._reader(field, nodes, info)
        if is_leaf_type(type_):
            return Planned(name, read, _plain(type_), _writer(type_), _nothing, is_required, field.type, nodes)
        complete = self._completer(type_, nodes, info)
        return Planned(name, read, None, None, complete, is_required, field.type, nodes)

    def _reader(self, field: GraphQLField, nodes: Any, info: Any) -> Read:
        """The function that reads a field of any object of the selection, its arguments filled in."""
        if field.subscribe is not None:
            return _itself
        node = nodes[0].node
        try:
            given = get_argument_values(field, node, self.variable_values, nodes[0].fragment_variable_values)
            defined = field.extensions.get("strawberry-definition")
            if isinstance(defined, StrawberryField) and not defined.extensions:
                return self._resolver(defined, given, info)
        except Exception as error:  # noqa: BLE001 - it becomes the error of each field that it affects
            return partial(_raise, error)
        resolve = field.resolve or self.field_resolver
        return lambda source: resolve(source, info, **given)

    def _resolver(self, field: StrawberryField, given: dict[str, Any], info: Any) -> Read:
        resolver: Any = field.base_resolver
        strawberry_schema: Any = self.schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001
        kwargs = convert_arguments(
            given, field.arguments, strawberry_schema.schema_converter.scalar_registry, strawberry_schema.config
        )
        if resolver.info_parameter:
            kwargs[resolver.info_parameter.name] = Info(_raw_info=info, _field=field)
        return partial(resolver.wrapped_func, **kwargs)

    # ── completing ───────────────────────────────────────────────────────────────────────────────

    def _completer(self, type_: Any, nodes: Any, info: Any) -> Complete:
        """The function that completes values of a nullable type that are not None."""
        if is_list_type(type_):
            return self._list(type_.of_type, nodes, info)
        if is_leaf_type(type_):
            write = _writer(type_)
            return lambda value, _: write(value)
        if is_abstract_type(type_):
            return self._abstract(type_, nodes, info)
        return self._object(type_, nodes, info)

    def _list(self, item_type: Any, nodes: Any, info: Any) -> Complete:
        is_required = is_non_null_type(item_type)
        complete_item = self._completer(item_type.of_type if is_required else item_type, nodes, info)

        def complete(value: Any, place: Place) -> list[Any]:
            done: list[Any] = []
            for index, item in enumerate(value):
                try:
                    completed = None if item is None else complete_item(item, (place, index, None))
                    if completed is None and is_required:
                        raise _is_null(info.parent_type.name, nodes)  # noqa: TRY301 - it is the error of this item
                    done.append(completed)
                except Stopped:
                    raise
                except Exception as error:  # noqa: BLE001 - any exception becomes the error of its item
                    self.handle_field_error(error, item_type, nodes, _path((place, index, None)))
                    done.append(None)
            return done

        return complete

    def _object(self, type_: GraphQLObjectType, nodes: Any, info: Any) -> Complete:
        plan: Sequence[Planned] | None = None
        known: set[type] = set()

        def complete(value: Any, place: Place) -> dict[str, Any]:
            nonlocal plan
            if type(value) not in known:
                if type_.is_type_of is not None and not type_.is_type_of(value, info):
                    raise invalid_return_type_error(type_, value, nodes)
                known.add(type(value))
            if plan is None:
                plan = self._plan(type_, self.collect_subfields(type_, nodes)[0])
            return self._execute(plan, type_.name, value, place)

        return complete

    def _abstract(self, type_: Any, nodes: Any, info: Any) -> Complete:
        resolve_type = type_.resolve_type or self.type_resolver
        known: dict[type, Complete] = {}

        def complete(value: Any, place: Place) -> Any:
            complete_as = known.get(type(value))
            if complete_as is None:
                name = resolve_type(value, info, type_)
                runtime_type = self.ensure_valid_runtime_type(name, type_, nodes, info, value)
                complete_as = known[type(value)] = self._object(runtime_type, nodes, info)
            return complete_as(value, place)

        return complete


def _path(place: Place | None) -> Any:
    return None if place is None else Path(_path(place[0]), place[1], place[2])


def _raise(error: Exception, _: Any) -> Any:
    raise error


def _itself(event: Any) -> Any:
    """The event of a subscription, which the arguments have already selected."""
    return event


def _is_null(typename: str, nodes: Any) -> TypeError:
    return TypeError(f"Cannot return null for non-nullable field {typename}.{nodes[0].node.name.value}.")


def _nothing(value: Any, _: Place) -> Any:
    """The value itself: a leaf is written and not completed."""
    return value


@cache
def _plain_leaf(field: StrawberryField | None, type_: Any) -> Leaf | None:
    """The plan of a leaf that takes neither arguments nor the request; None for any other field."""
    is_required = is_non_null_type(type_)
    of_type = type_.of_type if is_required else type_
    read = _plain_reader(field) if isinstance(field, StrawberryField) and is_leaf_type(of_type) else None
    return None if read is None else (read, _plain(of_type), _writer(of_type), _nothing, is_required, type_)


@cache
def _plain_reader(field: StrawberryField) -> Read | None:
    """The function that reads a field which takes neither arguments nor the request; None for any other field."""
    resolver: Any = field.base_resolver
    if field.arguments or field.extensions:
        return None
    if resolver is None:
        is_row = isinstance(field.origin, type) and issubclass(field.origin, RowProxy)
        return attrgetter(f"row.{field.python_name}" if is_row else field.python_name)
    read: Read = resolver.wrapped_func
    return None if resolver.info_parameter else read


# ── leaves ───────────────────────────────────────────────────────────────────────────────────────


TEXTS: Final = frozenset({GraphQLString.name, GraphQLID.name, "Markdown"})
"""The scalars whose values are texts, and are written as they are."""


def _plain(type_: Any) -> type | None:
    """The Python type whose values are written as they are; None if all values are converted."""
    return str if type_.name in TEXTS else None


@cache
def _writer(type_: Any) -> Read:
    """The function that writes a value of a scalar or enum; common values bypass the coercion of the type."""
    write: Read = type_.coerce_output_value
    if type_ is GraphQLFloat:
        return lambda value: value if type(value) is float and isfinite(value) else write(value)
    if isinstance(type_, GraphQLEnumType):
        return _enum(type_, write)
    return write


def _enum(type_: GraphQLEnumType, write: Read) -> Read:
    names = {member.value: name for name, member in type_.values.items()}

    def written(value: Any) -> Any:
        name = names.get(value)
        return write(value) if name is None else name

    return written
