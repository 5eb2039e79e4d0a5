"""Static cost analysis of a document, before validation and execution.

One traversal, linear in the size of the document: each fragment is weighed once, however often it is spread. The
document need not be valid, because the analysis runs before validation, and some validation rules are slow.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from operator import itemgetter
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)

from api.execution.weights import FIELD, LIST_SIZE, STEPS, TYPICAL, FieldWeight, Sizes, weight_of
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX

DEPTH_MAX: Final = 30
"""Fields within fields."""
ALIASES_MAX: Final = 200
"""Fields with an alias; those of a fragment count at every spread."""
ROOT_FIELDS_MAX: Final = 50
"""Root fields, and so queries or commands, of one operation."""
DIRECTIVES_MAX: Final = 100
TOO_COSTLY: Final = "TOO_COSTLY"
OPERATIONS_MAX: Final = 25
"""Operations of one document, of which one is executed."""
COST_MAX: Final = 10_000
"""Units of about 1 ms, estimated from pages, lists and the sizes of the workspace (`api.execution.weights`)."""
LARGEST_FIGURE: Final = 10**15
"""A message states a larger figure as "far too many"."""
NESTING_MAX: Final = 120
"""Selections within selections, fragments included; the analysis rejects deeper documents."""

_SIZES: Final = frozenset({"first", "last", "ids"})
"""The arguments that determine how many objects a field returns."""


class Weight(NamedTuple):
    """The weight of a selection: depth in fields, aliases, directives, root fields (`width`), and cost in units of
    about 1 ms."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    width: int = 0
    cost: float = 0


class BatchSize(NamedTuple):
    """The items of a batch; and these with their parts, such as the key results of an objective."""

    items: int = 0
    parts: int = 0


class Limit(NamedTuple):
    """The limit of one part of a weight: the error code and message for exceeding it."""

    code: str
    measure: str
    most: int
    message: str


LIMITS: Final = (
    Limit(
        "TOO_DEEP", "depth", DEPTH_MAX,
        "The operation is {asked} fields deep; the limit is {most}. Split it into two requests.",
    ),
    Limit(
        "TOO_MANY_ALIASES", "aliases", ALIASES_MAX,
        "The operation has {asked} aliases, fragments included; the limit is {most}. Query lists, or split it.",
    ),
    Limit(
        "TOO_MANY_ROOT_FIELDS", "width", ROOT_FIELDS_MAX,
        "The operation has {asked} root fields; the limit is {most}. Split the operation.",
    ),
    Limit(
        "TOO_MANY_DIRECTIVES", "directives", DIRECTIVES_MAX,
        "The operation has {asked} directives, fragments included; the limit is {most}. Remove directives.",
    ),
)  # fmt: skip


class Estimate:
    """The weight of the operations of one document with these variables."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], sizes: Sizes = TYPICAL
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._sizes = sizes
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, str, BatchSize], Weight] = {}
        self._every = ""
        self._batch = BatchSize()
        self.deciding: set[str] = set()
        """The variables on whose values the weight depends."""
        self._defaults: Mapping[str, ValueNode | None] = {}
        self._nesting = 0

    def of(self, operation: OperationDefinitionNode) -> Weight:
        """The weight of an operation. Raises `GraphQLError` if its selections are nested beyond `NESTING_MAX`."""
        defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        if defaults != self._defaults:
            self._defaults, self._known = defaults, {}  # the weight of a fragment may depend on the defaults
        root = self._schema.get_root_type(operation.operation)
        return _sum([_directives(operation), self._selections(operation.selection_set, root)])

    def weigh_fragments(self) -> None:
        """Weigh all fragments, also unused ones. Raises `GraphQLError` for one that is nested too deeply."""
        for name in self._fragments:
            self._fragment(name)

    def _selections(self, selections: SelectionSetNode, parent: Any) -> Weight:
        self._nesting += 1
        if self._nesting > NESTING_MAX:
            raise _too_deep(self._nesting, selections)
        weight = _sum(self._selection(one, parent) for one in selections.selections)
        self._nesting -= 1
        return weight

    def _selection(self, node: Any, parent: Any) -> Weight:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return _sum([_directives(node), self._fragment(node.name.value)])
        on = parent if node.type_condition is None else self._type(node.type_condition)
        return _sum([_directives(node), self._selections(node.selection_set, on)])

    def _fragment(self, name: str) -> Weight:
        fragment = self._fragments.get(name)
        if fragment is None:
            return Weight()
        key = (name, self._every, self._batch)
        if key not in self._known:
            self._known[key] = Weight()  # for a fragment that spreads itself, which validation rejects later
            inside = self._selections(fragment.selection_set, self._type(fragment.type_condition))
            self._known[key] = _sum([_directives(fragment), inside])
        return self._known[key]

    def _type(self, condition: Any) -> Any:
        return self._schema.get_type(condition.name.value)

    def _field(self, node: FieldNode, parent: Any) -> Weight:
        field = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        outer, self._every = (self._every, self._batch), self._step(node, field)
        own = weight_of(None if field is None else parent.name, node.name.value)
        self._enter_batch(node, own)
        inside, size = Weight(), 1.0
        if node.selection_set is not None:
            inside = self._selections(node.selection_set, field and get_named_type(field.type))
            size = 1 if field is None else self._size(node, field, parent, own)
        cost = FIELD + own.cost(self._sizes, self._every) + own.item * self._batch.parts + size * inside.cost
        self._every, self._batch = outer
        return Weight(
            1 + inside.depth,
            inside.aliases + (node.alias is not None),
            inside.directives + len(node.directives or ()),
            1,
            cost,
        )

    def _step(self, node: FieldNode, field: Any) -> str:
        """The step of this field's argument `every` or `period`, or else that of the field around it."""
        for name in STEPS:
            if field is not None and name in field.args:
                given = next((self._value(one.value) for one in node.arguments or () if one.name.value == name), None)
                default = field.args[name].default_value
                return given if isinstance(given, str) else getattr(default, "name", str(default))
        return self._every

    def _size(self, node: FieldNode, field: Any, parent: Any, own: FieldWeight) -> float:
        """How many objects the field may return: its page size, its number of ids, or the assumed length of a list."""
        given = {one.name.value: self._value(one.value) for one in node.arguments or () if one.name.value in _SIZES}
        if "first" in field.args:
            counts = [given[name] for name in ("first", "last") if isinstance(given.get(name), (int, float))]
            return min(max([0, *counts]) if counts else PAGE_DEFAULT, PAGE_MAX)
        if isinstance(given.get("ids"), list):
            return len(given["ids"])
        if own.length in ("items", "parts"):
            return self._batch.parts if own.length == "parts" else self._batch.items
        length = own.size(self._sizes, self._every)
        if length is not None:
            return length
        is_page = parent.name.endswith("Connection")
        of = field.type.of_type if is_non_null_type(field.type) else field.type
        return LIST_SIZE if is_list_type(of) and not is_page else 1

    def _enter_batch(self, node: FieldNode, own: FieldWeight) -> None:
        """Count the items of a batch, for the fields within it. The count depends on the variables."""
        if own.item:
            self.deciding.update(variables_in(one.value for one in node.arguments or ()))
            defaults = {name: value_from_ast_untyped(value) for name, value in self._defaults.items() if value}
            variables = {**defaults, **self._variables}
            given = [value_from_ast_untyped(one.value, variables) for one in node.arguments or ()]
            lists = [one for input in given if isinstance(input, dict) for one in _lists_in(input)]
            parts = sum(
                len(part) for items in lists for one in items if isinstance(one, dict) for part in _lists_in(one)
            )
            count = sum(map(len, lists))
            self._batch = BatchSize(count, count + parts)

    def dearest(self, operation: OperationDefinitionNode) -> str:
        """The path of the field that costs most: from the root the dearest field, then the one within it that makes at
        least half of its cost, and so on."""
        path: list[str] = []
        selections: SelectionSetNode | None = operation.selection_set
        parent: Any = self._schema.get_root_type(operation.operation)
        whole, size = 0.0, 1.0
        while selections is not None:
            found = max(self._costs(selections, parent, set()), key=itemgetter(0), default=None)
            if found is None or 2 * size * found[0] < whole:
                break
            cost, node, parent = found
            path.append(node.name.value)
            field = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
            self._every = self._step(node, field)
            own = weight_of(None if field is None else parent.name, node.name.value)
            self._enter_batch(node, own)
            whole, size = cost, 1.0 if field is None else self._size(node, field, parent, own)
            selections, parent = node.selection_set, field and get_named_type(field.type)
        self._every, self._batch = "", BatchSize()
        return ".".join(path)

    def _costs(
        self, selections: SelectionSetNode, parent: Any, seen: set[str]
    ) -> Iterator[tuple[float, FieldNode, Any]]:
        """The cost of each field of a selection, those of its fragments included, with its node and its parent type."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield self._field(node, parent).cost, node, parent
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments.get(node.name.value)
                if fragment is not None and node.name.value not in seen:
                    seen.add(node.name.value)
                    yield from self._costs(fragment.selection_set, self._type(fragment.type_condition), seen)
            elif isinstance(node, InlineFragmentNode):
                on = parent if node.type_condition is None else self._type(node.type_condition)
                yield from self._costs(node.selection_set, on, seen)

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            self.deciding.add(name)
            default = self._defaults.get(name)
            if name in self._variables or default is None or isinstance(default, VariableNode):
                return self._variables.get(name)
            return self._value(default)
        if isinstance(node, EnumValueNode):
            return node.value
        if isinstance(node, IntValueNode):
            return int(node.value) if len(node.value) <= len(str(PAGE_MAX)) else PAGE_MAX
        return list(node.values or ()) if isinstance(node, ListValueNode) else None


def variables_in(values: Iterable[ValueNode]) -> Iterator[str]:
    """The names of the variables within these values."""
    for value in values:
        if isinstance(value, VariableNode):
            yield value.name.value
        elif isinstance(value, ListValueNode):
            yield from variables_in(value.values)
        elif isinstance(value, ObjectValueNode):
            yield from variables_in(field.value for field in value.fields)


def _lists_in(given: Mapping[str, Any]) -> Iterator[list[Any]]:
    return (value for value in given.values() if isinstance(value, list))


def _sum(weights: Iterable[Weight]) -> Weight:
    depth, aliases, directives, width, cost = 0, 0, 0, 0, 0.0
    for one in weights:
        depth = max(depth, one.depth)
        aliases += one.aliases
        directives += one.directives
        width += one.width
        cost += one.cost
    return Weight(depth, aliases, directives, width, cost)


def _directives(node: Any) -> Weight:
    return Weight(directives=len(node.directives or ()))


def _too_deep(nesting: int, node: Any) -> GraphQLError:
    message = (
        f"The selections are {nesting} deep, nested fragments included; the limit is {DEPTH_MAX}. Flatten the document."
    )
    return GraphQLError(message, node, extensions={"code": "TOO_DEEP", "asked": nesting, "limit": DEPTH_MAX})


class Weighed(NamedTuple):
    """The cost of each operation of a document, or the error that rejects it; and the variables that decide the cost,
    which are not known of a document that is rejected."""

    refusal: GraphQLError | None
    costs: Mapping[str | None, float]
    deciding: frozenset[str] = frozenset()


def weigh(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any],
    sizes: Sizes = TYPICAL,
    cost_max: float = COST_MAX,
) -> Weighed:
    """Weigh every operation of a document, which need not be valid."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_MAX:
        message = f"A document has at most {OPERATIONS_MAX} operations; split it."
        extensions = {"code": "TOO_MANY_OPERATIONS", "asked": len(operations), "limit": OPERATIONS_MAX}
        return Weighed(GraphQLError(message, extensions=extensions), {})
    estimate = Estimate(schema, document, variables, sizes)
    costs: dict[str | None, float] = {}
    for operation in operations:
        try:
            weight = estimate.of(operation)
            refused = refusal(weight, operation) or _too_costly(estimate, operation, weight.cost, cost_max)
        except GraphQLError as error:
            return Weighed(error, {})
        if refused is not None:
            return Weighed(refused, {})
        costs[operation.name.value if operation.name else None] = weight.cost
    return Weighed(_nested_fragment(estimate), costs, frozenset(estimate.deciding))


def _nested_fragment(estimate: Estimate) -> GraphQLError | None:
    """The error for a fragment that no operation spreads and that is nested too deeply to be validated."""
    try:
        estimate.weigh_fragments()
    except GraphQLError as error:
        return error
    return None


def refusal(weight: Weight, operation: OperationDefinitionNode) -> GraphQLError | None:
    """The error for an operation whose weight exceeds a limit; else None."""
    for limit in LIMITS:
        requested = getattr(weight, limit.measure)
        if requested > limit.most:
            message = limit.message.format(asked=_figure(requested), most=f"{limit.most:,}")
            return GraphQLError(message, operation, extensions={"code": limit.code, "limit": limit.most})
    return None


def _too_costly(
    estimate: Estimate, operation: OperationDefinitionNode, cost: float, most: float
) -> GraphQLError | None:
    """The error for an operation beyond the cost limit, which names its dearest field; else None."""
    if cost <= most:
        return None
    dearest = estimate.dearest(operation)
    message = (
        f"The operation may cost {_figure(cost)}; the limit is {most:,.0f}. Its dearest field is {dearest}: request "
        "smaller pages, longer steps, or fewer lists within lists."
    )
    extensions = {"code": TOO_COSTLY, "asked": _bounded(cost), "limit": round(most), "field": dearest}
    return GraphQLError(message, operation, extensions=extensions)


def _bounded(cost: float) -> int:
    return ceil(min(cost, LARGEST_FIGURE))


def _figure(figure: float) -> str:
    """The figure in a few characters."""
    return f"{figure:,.0f}" if figure < LARGEST_FIGURE else "far too many"
