"""Static cost analysis of a document, before validation and execution.

One traversal, linear in the size of the document: each fragment is weighed once, however often it is spread. The
document need not be valid, because the analysis runs before validation, and some validation rules are slow.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX

DEPTH_MAX: Final = 30
"""Fields within fields."""
ALIASES_MAX: Final = 200
"""Fields with an alias; those of a fragment count at every spread."""
ROOT_FIELDS_MAX: Final = 50
"""Root fields, and so queries or commands, of one operation."""
DIRECTIVES_MAX: Final = 100
OPERATIONS_MAX: Final = 25
"""Operations of one document, of which one is executed."""
COST_MAX: Final = 500_000
"""Fields of a response, estimated from pages and lists; the largest responses take one or two seconds."""
LIST_SIZE: Final = 5
"""The assumed length of a list without pages, such as the key results of an objective or the members of a team."""
STEPS: Final[Mapping[str, int]] = {"DAY": 100, "CHANGE": 100, "WEEK": 20}
"""The assumed length of a series by its argument `every`, about that of a quarter; `LIST_SIZE` for longer steps."""
LARGEST_FIGURE: Final = 10**15
"""A message states a larger figure as "far too many"."""
NESTING_MAX: Final = 120
"""Selections within selections, fragments included; the analysis rejects deeper documents."""

_SIZES: Final = frozenset({"first", "last", "ids"})
"""The arguments that determine how many objects a field returns."""


class Weight(NamedTuple):
    """The weight of a selection: depth in fields, aliases, directives, root fields (`width`) and fields (`cost`)."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    width: int = 0
    cost: float = 0


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
    Limit(
        "TOO_COSTLY", "cost", COST_MAX,
        "The response may have {asked} fields; the limit is {most}. "
        "Request smaller pages, or fewer lists within lists.",
    ),
)  # fmt: skip


class Estimate:
    """The weight of the operations of one document with these variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._known: dict[str, Weight] = {}
        self.varies = False
        """Whether the weight depends on a variable."""
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
        if name not in self._known:
            self._known[name] = Weight()  # for a fragment that spreads itself, which validation rejects later
            inside = self._selections(fragment.selection_set, self._type(fragment.type_condition))
            self._known[name] = _sum([_directives(fragment), inside])
        return self._known[name]

    def _type(self, condition: Any) -> Any:
        return self._schema.get_type(condition.name.value)

    def _field(self, node: FieldNode, parent: Any) -> Weight:
        field = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        inside, size = Weight(), 1.0
        if node.selection_set is not None:
            inside = self._selections(node.selection_set, field and get_named_type(field.type))
            size = 1 if field is None else self._size(node, field, parent)
        return Weight(
            1 + inside.depth,
            inside.aliases + (node.alias is not None),
            inside.directives + len(node.directives or ()),
            1,
            1 + size * inside.cost,
        )

    def _size(self, node: FieldNode, field: Any, parent: Any) -> float:
        """How many objects the field may return: its page size, its number of ids, or the assumed length of a list or
        series."""
        given = {one.name.value: self._value(one.value) for one in node.arguments or () if one.name.value in _SIZES}
        if "first" in field.args:
            counts = [given[name] for name in ("first", "last") if isinstance(given.get(name), (int, float))]
            return min(max([0, *counts]) if counts else PAGE_DEFAULT, PAGE_MAX)
        if isinstance(given.get("ids"), list):
            return len(given["ids"])
        is_page = parent.name.endswith("Connection")
        of = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(of) or is_page:
            return 1
        return self._steps(node, field) if "every" in field.args else LIST_SIZE

    def _steps(self, node: FieldNode, field: Any) -> int:
        """The assumed length of a series."""
        every = [self._value(one.value) for one in node.arguments or () if one.name.value == "every"]
        return STEPS.get(str(every[0] if every else field.args["every"].default_value), LIST_SIZE)

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            self.varies = True
            name = node.name.value
            default = self._defaults.get(name)
            if name in self._variables or default is None or isinstance(default, VariableNode):
                return self._variables.get(name)
            return self._value(default)
        if isinstance(node, EnumValueNode):
            return node.value
        if isinstance(node, IntValueNode):
            return int(node.value) if len(node.value) <= len(str(PAGE_MAX)) else PAGE_MAX
        return list(node.values or ()) if isinstance(node, ListValueNode) else None


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
    """The cost of each operation of a document, or the error that rejects it; and whether variables affect the cost."""

    refusal: GraphQLError | None
    costs: Mapping[str | None, float]
    varies: bool = True


def weigh(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Weighed:
    """Weigh every operation of a document, which need not be valid."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_MAX:
        message = f"A document has at most {OPERATIONS_MAX} operations; split it."
        extensions = {"code": "TOO_MANY_OPERATIONS", "asked": len(operations), "limit": OPERATIONS_MAX}
        return Weighed(GraphQLError(message, extensions=extensions), {})
    estimate = Estimate(schema, document, variables)
    costs: dict[str | None, float] = {}
    for operation in operations:
        try:
            weight = estimate.of(operation)
        except GraphQLError as error:
            return Weighed(error, {})
        refused = refusal(weight, operation)
        if refused is not None:
            return Weighed(refused, {})
        costs[operation.name.value if operation.name else None] = weight.cost
    return Weighed(_nested_fragment(estimate), costs, estimate.varies)


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


def _figure(figure: float) -> str:
    """The figure in a few characters."""
    return f"{figure:,.0f}" if figure < LARGEST_FIGURE else "far too many"
