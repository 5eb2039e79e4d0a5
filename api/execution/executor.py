"""An executor for graphql-core that plans each selection once for all objects of a list.

graphql-core determines for each field of each object how it is resolved, what its arguments are, and how its value is
completed. These are the same for all objects of a list, so this executor plans them once: the function that reads a
field, and the function that completes its value. Responses and the paths of errors are those of graphql-core. Below
the root, all fields resolve synchronously.

The root fields of queries are completed by compiled documents (`api.execution.plans`), and here only what has an error.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from time import monotonic
from typing import Any, Final, NamedTuple, Never, TypeAlias

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    Undefined,
    default_field_resolver,
    default_type_resolver,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import invalid_return_type_error, to_nodes
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values, get_variable_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from api.execution.limits import DOCUMENTS_KEPT, ParsedOperation
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


ERRORS_MAX: Final = 50
"""Errors that are reported for the variables of one operation."""
Leaves: TypeAlias = tuple[tuple[GraphQLVariableSignature, Any, bool], ...]
"""Variables, each with its leaf type and whether it is required."""
COMPILED: Final = CompiledDocuments()
"""The compiled documents of this process."""


def _no_async_work(_: object) -> Never:
    raise TypeError("Resolvers are synchronous.")


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    _bytes = 0
    """The approximate size of the answer so far, in bytes."""

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        parsed: ParsedOperation,
        root: Any,
        context: Any,
        given: Mapping[str, Any],
        **awaits: Any,
    ) -> "Executor | list[GraphQLError]":
        """The executor of an operation with these variables, or the errors of the variables.

        `build` of graphql-core searches the document for what `ParsedOperation` has.
        """
        leaves = _leaves(schema, parsed)
        values: Any = None if leaves is None else _values_of(leaves, given)
        if values is None:
            definitions = parsed.operation.variable_definitions or ()  # type: ignore[union-attr]
            values = get_variable_values(schema, definitions, dict(given), max_errors=ERRORS_MAX)
        if isinstance(values, list):
            return values
        fragments = {name: FragmentDetails(one) for name, one in parsed.fragments.items()}
        resolvers = default_field_resolver, default_type_resolver, default_field_resolver
        found = dict(parsed.fragments)
        return cls(schema, found, fragments, root, context, parsed.operation, values, *resolvers, **awaits)

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
        if self.operation.operation is not OperationType.QUERY:
            return self._execute(self._plan(parent_type, grouped_field_set), parent_type.name, source_value, path)
        fields = [
            (name, self.schema.get_field(parent_type, nodes[0].node.name.value), nodes)
            for name, nodes in grouped_field_set.items()
        ]
        roots = [Root(parent_type, name, field, nodes) for name, field, nodes in fields if field is not None]
        COMPILED.keep(self, roots)
        return self._execute([*map(self._root, roots)], parent_type.name, source_value, path)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result of the operation. The root fields of a query that was executed before are known already."""
        roots = COMPILED.roots(self) if self.operation.operation is OperationType.QUERY else None
        if not roots:
            return super().execute_operation(serially)
        data: dict[str, Any] | None = None
        try:
            data = self._execute([*map(self._root, roots)], roots[0].parent.name, self.root_value, None)
        except GraphQLError as error:
            self.collected_errors.add(error, None)
        return ExecutionResult(data, self.collected_errors.errors or None)

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

    def _root(self, root: Root) -> Planned:
        """The plan of a root field of a query, which a compiled document completes unless it is a leaf."""
        name, field, nodes, type_ = root.name, root.field, root.nodes, get_nullable_type(root.field.type)
        leaf = _plain_leaf(field.extensions.get("strawberry-definition"), field.type)
        if leaf is not None:
            return Planned(name, *leaf, nodes)
        if is_leaf_type(type_) or nodes[0].node.name.value.startswith("__"):
            return self._planned(name, field, nodes, root.parent)
        complete = partial(self._complete_root, root, type_)
        return Planned(name, root.reader(self), None, None, complete, is_non_null_type(field.type), field.type, nodes)

    def _complete_root(self, root: Root, type_: Any, value: Any, place: Place) -> Any:
        """The completed value of a root field. One with an error is completed without columns, which do not know
        places."""
        run = Run(self, self.context_value.deadline, self._bytes)
        try:
            completed = COMPILED.complete(run, type_, root, value)
        except Stopped:
            raise
        except Exception:  # noqa: BLE001 - the interpreter raises it again, in its place
            return self._completer(type_, root.nodes, root.info(self))(value, place)
        self._bytes = run.bytes
        return completed

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


# ── variables ────────────────────────────────────────────────────────────────────────────────────


def _values_of(leaves: Leaves, given: Mapping[str, Any]) -> VariableValues | None:
    """The values of these variables; None if one of them is null or invalid.

    graphql-core finds out at each request which types the variables have, and how deep their values are.
    """
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature, leaf, is_required in leaves:
        name = signature.name
        if name not in given and not is_required:
            sources[name] = VariableValueSource(signature)
            continue
        value = given.get(name)
        try:
            coerced[name] = found = Undefined if value is None else leaf.coerce_input_value(value)
        except Exception:  # noqa: BLE001 - graphql-core reports it
            return None
        if found is Undefined:
            return None
        sources[name] = VariableValueSource(signature, value)
    return VariableValues(sources, coerced)


@lru_cache(DOCUMENTS_KEPT)
def _leaves(schema: GraphQLSchema, parsed: ParsedOperation) -> Leaves | None:
    """The variables of an operation; None if one of them is no scalar or enum, or has a default."""
    found = []
    for definition in parsed.operation.variable_definitions or ():  # type: ignore[union-attr]
        signature = get_variable_signature(schema, definition)
        if isinstance(signature, GraphQLError) or signature.default is not None:
            return None
        leaf: Any = get_nullable_type(signature.type)
        if not is_leaf_type(leaf):
            return None
        found.append((signature, leaf, is_non_null_type(signature.type)))
    return tuple(found)
