"""How much a document asks for, before any of it is carried out or even held against the schema.

One walk, linear in the document: a fragment is weighed once, however often it is spread. It does not mind a document
that makes no sense, for it comes before the rules that would find that out: some of those take their time.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
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
"""Fields under another name; those of a fragment count wherever it is spread."""
ROOT_FIELDS_MAX: Final = 50
"""Fields at the top: so many questions, or commands, go into one operation."""
DIRECTIVES_MAX: Final = 100
OPERATIONS_MAX: Final = 25
"""Operations of one document, of which one is carried out."""
COST_MAX: Final = 500_000
"""Fields of an answer, as far as pages and lists let it be foreseen; the largest take a second or two."""
LIST_SIZE: Final = 5
"""How long a list without pages is taken to be: the key results of an objective, the members of a team."""
FAR_TOO_MANY: Final = 10**15
"""What is more than this is not told as a figure."""
NESTING_MAX: Final = 120
"""Selections within selections, fragments counted: what goes beyond is not looked through."""


_SIZES: Final = frozenset({"first", "last", "ids"})
"""The arguments that say how many things a field gives."""


class Weight(NamedTuple):
    """Of a selection: its depth in fields, and how many aliases, directives, fields at its top, and fields in all."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    width: int = 0
    cost: float = 0


class Limit(NamedTuple):
    """A bound on a weight: what is beyond it, how that is told, and what to do instead."""

    code: str
    measure: str
    most: int
    told: str


LIMITS: Final = (
    Limit("TOO_DEEP", "depth", DEPTH_MAX, "Asks {asked} fields deep; up to {most} are answered. Ask in two steps."),
    Limit(
        "TOO_MANY_ALIASES", "aliases", ALIASES_MAX,
        "Has {asked} aliases, those of fragments included; up to {most} are answered. Ask for lists, or in parts.",
    ),
    Limit(
        "TOO_MANY_ROOT_FIELDS", "width", ROOT_FIELDS_MAX,
        "Asks for {asked} fields at the top; up to {most} are answered at once. Ask in parts.",
    ),
    Limit(
        "TOO_MANY_DIRECTIVES", "directives", DIRECTIVES_MAX,
        "Has {asked} directives, those of fragments included; up to {most} are taken.",
    ),
    Limit(
        "TOO_COSTLY", "cost", COST_MAX,
        "May have {asked} fields in its answer; up to {most} are answered. "
        "Ask for smaller pages, or for fewer lists within lists.",
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
        """Whether a variable counted."""
        self._defaults: Mapping[str, ValueNode | None] = {}
        self._nesting = 0

    def of(self, operation: OperationDefinitionNode) -> Weight:
        """Raises `GraphQLError` for what is nested beyond looking through."""
        defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        if defaults != self._defaults:
            self._defaults, self._known = defaults, {}  # a fragment may weigh something else then
        root = self._schema.get_root_type(operation.operation)
        return _sum([_directives(operation), self._selections(operation.selection_set, root)])

    def visit_fragments(self) -> None:
        """Visit the fragments that no operation spreads. Raises `GraphQLError` for one that is nested too deeply."""
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
            self._known[name] = Weight()  # of itself, if it is spread within itself, which is no document
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
        """How many things the field may give: its page, its ids, or the usual length of a list."""
        given = {one.name.value: self._value(one.value) for one in node.arguments or () if one.name.value in _SIZES}
        if "first" in field.args:
            said = [given[name] for name in ("first", "last") if isinstance(given.get(name), (int, float))]
            return min(max([0, *said]) if said else PAGE_DEFAULT, PAGE_MAX)
        if isinstance(given.get("ids"), list):
            return len(given["ids"])
        is_page = parent.name.endswith("Connection")
        of = field.type.of_type if is_non_null_type(field.type) else field.type
        return LIST_SIZE if is_list_type(of) and not is_page else 1

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            self.varies = True
            name = node.name.value
            default = self._defaults.get(name)
            if name in self._variables or default is None or isinstance(default, VariableNode):
                return self._variables.get(name)
            return self._value(default)
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
    message = f"Has selections {nesting} deep, fragments within fragments included; up to {DEPTH_MAX} are answered."
    return GraphQLError(message, node, extensions={"code": "TOO_DEEP", "asked": nesting, "limit": DEPTH_MAX})


class Weighed(NamedTuple):
    """The cost of each operation of a document, or why the document is refused; and whether variables count."""

    refusal: GraphQLError | None
    costs: Mapping[str | None, float]
    varies: bool = True


def weigh(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Weighed:
    """Weigh every operation of a document, which need not be valid."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_MAX:
        message = f"A document has up to {OPERATIONS_MAX} operations."
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
        estimate.visit_fragments()
    except GraphQLError as error:
        return error
    return None


def refusal(weight: Weight, operation: OperationDefinitionNode) -> GraphQLError | None:
    """Why an operation of this weight is not carried out, if it asks for too much."""
    for limit in LIMITS:
        asked = getattr(weight, limit.measure)
        if asked > limit.most:
            message = limit.told.format(asked=_figure(asked), most=f"{limit.most:,}")
            return GraphQLError(message, operation, extensions={"code": limit.code, "limit": limit.most})
    return None


def _figure(asked: float) -> str:
    """In a few characters, however much it is."""
    return f"{asked:,.0f}" if asked < FAR_TOO_MANY else "far too many"
