"""The arguments of a field that a document selects, as its resolver takes them.

Without them strawberry would convert all of them at each request, although most are constants, or variables whose
values it passes on.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from graphql import FieldNode, VariableNode
from strawberry.types.arguments import StrawberryArgument, convert_arguments
from strawberry.types.field import StrawberryField

from api.execution.cost import variables_in


class Arguments:
    """The arguments of a field: constants, and variables by the names of the parameters of the resolver."""

    __slots__ = ("_constants", "_variables")

    def __init__(self, constants: Mapping[str, Any], variables: tuple[tuple[str, str], ...]) -> None:
        self._constants = constants
        self._variables = variables

    @classmethod
    def of(cls, field: StrawberryField, node: FieldNode, converted: Mapping[str, Any], schema: Any) -> Self | None:
        """The arguments of a field, of which strawberry has converted those of one request. None if it converts the
        value of a variable.

        `schema` is strawberry's.
        """
        known = {schema.config.name_converter.from_argument(one): one for one in field.arguments}
        variables: list[tuple[str, str]] = []
        for given in node.arguments or ():
            argument = known[given.name.value]
            if isinstance(given.value, VariableNode) and _is_passed_on(argument, schema):
                variables.append((argument.python_name, given.value.name.value))
            elif any(variables_in([given.value])):
                return None
        varying = {parameter for parameter, _ in variables}
        constants = {parameter: value for parameter, value in converted.items() if parameter not in varying}
        return cls(constants, tuple(variables))

    def bound(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arguments with these values of the variables; None if one of them is null or was not given."""
        arguments = dict(self._constants)
        for parameter, variable in self._variables:
            value = values.get(variable)
            if value is None:
                return None
            arguments[parameter] = value
        return arguments


@cache
def _is_passed_on(argument: StrawberryArgument, schema: Any) -> bool:
    """Whether strawberry leaves a value of the variable as it is, as it does with scalars and enums."""
    value, name = object(), schema.config.name_converter.from_argument(argument)
    try:
        converted = convert_arguments({name: value}, [argument], schema.schema_converter.scalar_registry, schema.config)
    except Exception:  # noqa: BLE001 - strawberry tries to convert it
        return False
    return converted[argument.python_name] is value
