"""An executor for graphql-core that plans each selection once for all objects of a list.

graphql-core determines for each field of each object how it is resolved, what its arguments are, and how its value is
completed. These are the same for all objects of a list, so this executor plans them once: the function that reads a
field, and the function that completes its value. Responses and the paths of errors are those of graphql-core. Below
the root, all fields resolve synchronously.

The root fields of queries are completed by compiled documents (`api.execution.plans`), and here only what has an error.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from time import monotonic
from typing import Any, Final, NamedTuple, Never, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    OperationType,
    get_nullable_type,
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

from api.execution.plans.compiled_documents import CompiledDocuments
from api.execution.plans.compiler import Place as Root
from api.execution.plans.leaves import plain, writer
from api.execution.plans.readers import plain_reader
from api.execution.plans.run import ANSWER_BYTES_MAX, FIELD_BYTES, AnswerTooLarge, Run
from projections.store.deadline import DeadlineExceeded, Stopped

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


COMPILED: Final = CompiledDocuments()
"""The compiled documents of this process."""


def _no_async_work(_: object) -> Never:
    raise TypeError("Resolvers are synchronous.")


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    _bytes = 0
    """The approximate size of the answer so far, in bytes."""

    # graphql-core hands both to resolvers. As methods they would refer back to the executor, and all that was read
    # would wait for the garbage collector.
    gather_async_work: Any = staticmethod(_no_async_work)
    track_async_work: Any = staticmethod(_no_async_work)

    def build_per_event_executor(self, payload: Any) -> "Executor":
        """The executor of one event of a subscription. graphql-core would have all of them share, and so keep, what
        each one has collected of the selection."""
        executor: Executor = super().build_per_event_executor(payload)  # type: ignore[assignment]
        executor._relevant_sub_fields = {}
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,  # noqa: ARG002 - for incremental delivery, which is not supported
    ) -> dict[str, Any]:
        """The fields of one object, in the order of the selection."""
        plan = self._plan(parent_type, grouped_field_set)
        if self.operation.operation is OperationType.QUERY:
            plan = [self._compiled(parent_type, field) if field.write is None else field for field in plan]
        return self._execute(plan, parent_type.name, source_value, path)

    def _execute(self, plan: Sequence[Planned], typename: str, source: Any, place: Place | None) -> dict[str, Any]:
        """The fields of one object. A missed deadline, or an answer that is too large, fails the root field of a query,
        or the field of a payload, as a whole, not each of its parts."""
        results: dict[str, Any] = {}
        self._bytes += FIELD_BYTES * len(plan)
        is_payload = self.operation.operation is OperationType.MUTATION and place is not None and place[0] is None
        is_part = place is not None and not is_payload
        if is_part and monotonic() > self.context_value.deadline.until:
            raise DeadlineExceeded
        if is_part and self._bytes > ANSWER_BYTES_MAX:
            raise AnswerTooLarge
        for name, read, exact, write, complete, is_required, return_type, nodes in plan:
            try:
                value = read(source)
                if value is None:
                    pass
                elif type(value) is not exact:
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

    def _compiled(self, parent_type: GraphQLObjectType, planned: Planned) -> Planned:
        """A root field that a compiled document completes. A value with an error is completed without it, since columns
        do not know places."""
        field: Any = self.schema.get_field(parent_type, planned.nodes[0].node.name.value)
        if planned.name.startswith("__"):
            return planned
        at, type_ = Root(parent_type, planned.name, field, planned.nodes), get_nullable_type(field.type)

        def complete(value: Any, place: Place) -> Any:
            run = Run(self, self.context_value.deadline, self._bytes)
            try:
                completed = COMPILED.complete(run, type_, at, value)
            except Stopped:
                raise
            except Exception:  # noqa: BLE001 - the interpreter raises it again, in its place
                return planned.complete(value, place)
            self._bytes = run.bytes
            return completed

        return planned._replace(complete=complete)

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
        is_required, type_ = is_non_null_type(field.type), get_nullable_type(field.type)
        defined = field.extensions.get("strawberry-definition")
        read = plain_reader(defined) if isinstance(defined, StrawberryField) and field.subscribe is None else None
        info = self.build_resolve_info(field, to_nodes(nodes), parent_type, Path(None, name, parent_type.name))
        if read is None:
            read = self.reader(field, nodes, info)
        if is_leaf_type(type_):
            return Planned(name, read, plain(type_), writer(type_), _nothing, is_required, field.type, nodes)
        complete = self._completer(type_, nodes, info)
        return Planned(name, read, None, None, complete, is_required, field.type, nodes)

    def reader(self, field: GraphQLField, nodes: Any, info: Any) -> Read:
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
            write = writer(type_)
            return lambda value, _: write(value)
        if is_abstract_type(type_):
            return self._abstract(type_, nodes, info)
        return self._object(type_, nodes, info)

    def _list(self, item_type: Any, nodes: Any, info: Any) -> Complete:
        is_required = is_non_null_type(item_type)
        complete_item: Complete | None = None

        def complete(value: Any, place: Place) -> list[Any]:
            nonlocal complete_item
            done: list[Any] = []
            for index, item in enumerate(value):
                if complete_item is None:
                    complete_item = self._completer(get_nullable_type(item_type), nodes, info)
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
    is_required, of_type = is_non_null_type(type_), get_nullable_type(type_)
    read = plain_reader(field) if isinstance(field, StrawberryField) and is_leaf_type(of_type) else None
    return None if read is None else (read, plain(of_type), writer(of_type), _nothing, is_required, type_)
